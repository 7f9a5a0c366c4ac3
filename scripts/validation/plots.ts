// Plots as inline SVG, drawn with the classes of the report's style sheet, so that they follow light and dark.
import { largest, smallest } from '../../registry/extremes.ts';
import { axisNames, countInBins, drawing, escapeText, pathThrough, tenth, tick } from '../plots/svg.ts';
import type { CurvePoint } from './metrics/ranking.ts';

export interface Series {
  readonly name: string;
  /** Classes of the style sheet: `new` the version that is judged, `old` the one that is served, `one c3` a class of several. */
  readonly style: string;
  readonly points: readonly CurvePoint[];
}

interface Axis {
  readonly label: string;
  readonly from: number;
  readonly to: number;
}

const size = { width: 380, height: 330, left: 52, right: 14, top: 12, bottom: 46 };
/** More points than a line of this width has pixels only make the file larger. */
const mostCurvePoints = 300;
const mostDots = 1500;

/** Curves over shares from 0 to 1. @param chance what guessing gives: the diagonal, or a level line */
export function curves(
  title: string,
  labels: { x: string; y: string },
  series: readonly Series[],
  chance: 'diagonal' | number,
): string {
  const x: Axis = { label: labels.x, from: 0, to: 1 };
  const y: Axis = { label: labels.y, from: 0, to: 1 };
  const ends = chance === 'diagonal' ? [0, 1] : [chance, chance];
  const guess = `<path class="chance" d="${pathOf(
    [
      { x: 0, y: ends[0] ?? 0 },
      { x: 1, y: ends[1] ?? 0 },
    ],
    x,
    y,
  )}"/>`;
  // The version that is judged is drawn last, on top of the one that is served, and that of single classes.
  const height = ({ style }: Series) => ['old', 'new'].indexOf(style);
  const lines = [...series]
    .sort((a, b) => height(a) - height(b))
    .map(({ style, points }) => `<path class="line ${style}" d="${pathOf(thinned(points), x, y)}"/>`);
  return frame(title, x, y, [guess, ...lines].join(''));
}

/** One dot for each row: the truth against what was predicted. */
export function scatter(title: string, labels: { x: string; y: string }, points: readonly CurvePoint[]): string {
  const values = points.flatMap(({ x, y }) => [x, y]).filter(Number.isFinite);
  const [from, to] = rangeOf(values);
  const x: Axis = { label: labels.x, from, to };
  const y: Axis = { label: labels.y, from, to };
  const step = Math.ceil(points.length / mostDots);
  const dots = points
    .filter((_, index) => index % step === 0)
    .map((point) => `<circle class="dot" cx="${xAt(point.x, x)}" cy="${yAt(point.y, y)}" r="2.4"/>`);
  const perfect = `<path class="chance" d="${pathOf(
    [
      { x: from, y: from },
      { x: to, y: to },
    ],
    x,
    y,
  )}"/>`;
  return frame(title, x, y, `${perfect}${dots.join('')}`);
}

/** Bars of equal width over the range of the values. */
export function histogram(title: string, label: string, values: readonly number[], bins = 25): string {
  const finite = values.filter(Number.isFinite);
  const [from, to] = rangeOf(finite);
  const counts = countInBins(finite, from, to, bins);
  const x: Axis = { label, from, to };
  const y: Axis = { label: 'rows', from: 0, to: niceRange(0, largest(counts, 0))[1] };
  const width = (size.width - size.left - size.right) / bins;
  const bars = counts.map((count, bin) => {
    const top = yAt(count, y);
    const height = yAt(0, y) - top;
    return `<rect class="bar" x="${tenth(size.left + bin * width + 0.75)}" y="${top}" width="${tenth(width - 1.5)}" height="${tenth(height)}"/>`;
  });
  return frame(title, x, y, bars.join(''));
}

/** A row of small bars that says how counts are shared out. */
export function sparkBars(counts: readonly number[], title: string): string {
  const tallest = largest(counts, 1);
  const width = 132 / counts.length;
  const bars = counts.map((count, bin) => {
    const height = (count / tallest) * 34;
    return `<rect class="bar" x="${tenth(bin * width + 0.5)}" y="${tenth(36 - height)}" width="${tenth(Math.max(0.5, width - 1.5))}" height="${tenth(Math.max(height, 0.6))}"/>`;
  });
  const content = `<title>${escapeText(title)}</title>${bars.join('')}<path class="axis" d="M0 36.5H132"/>`;
  return drawing('spark', { width: 132, height: 37 }, title, content);
}

function frame(title: string, x: Axis, y: Axis, content: string): string {
  const { width, height, left, right, top, bottom } = size;
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const grid = ticks.flatMap((at) => {
    const [valueX, valueY] = [x.from + at * (x.to - x.from), y.from + at * (y.to - y.from)];
    const [px, py] = [xAt(valueX, x), yAt(valueY, y)];
    return [
      `<path class="grid" d="M${px} ${top}V${height - bottom}M${left} ${py}H${width - right}"/>`,
      tick({ x: px, y: height - bottom + 16 }, 'middle', tickText(valueX)),
      tick({ x: left - 7, y: py + 3.5 }, 'end', tickText(valueY)),
    ];
  });
  return drawing('plot', size, title, [...grid, content, axisNames(size, x.label, y.label)].join(''));
}

function pathOf(points: readonly CurvePoint[], x: Axis, y: Axis): string {
  return pathThrough(points.map((point) => ({ x: xAt(point.x, x), y: yAt(point.y, y) })));
}

function xAt(value: number, { from, to }: Axis): number {
  return tenth(size.left + ((value - from) / (to - from)) * (size.width - size.left - size.right));
}

function yAt(value: number, { from, to }: Axis): number {
  return tenth(size.height - size.bottom - ((value - from) / (to - from)) * (size.height - size.top - size.bottom));
}

/** Points that lie less than a pixel apart are one; the first and the last stay. */
function thinned(points: readonly CurvePoint[]): CurvePoint[] {
  const kept: CurvePoint[] = [];
  for (const [index, point] of points.entries()) {
    const last = kept.at(-1);
    const far = last === undefined || Math.hypot(point.x - last.x, point.y - last.y) >= 1 / mostCurvePoints;
    if (far || index === points.length - 1) kept.push(point);
  }
  return kept;
}

function rangeOf(values: readonly number[]): [number, number] {
  return values.length === 0 ? [0, 1] : niceRange(smallest(values), largest(values));
}

/** A little more than the range, with ends that have few digits. */
function niceRange(low: number, high: number): [number, number] {
  const span = high - low || Math.abs(high) || 1;
  const step = 10 ** Math.floor(Math.log10(span)) / 2;
  return [Math.floor(low / step) * step, Math.ceil(high / step) * step || step];
}

function tickText(value: number): string {
  return String(Number(value.toPrecision(3)));
}
