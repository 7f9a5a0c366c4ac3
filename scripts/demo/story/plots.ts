// The plots of the story's report as inline SVG, drawn with the classes of its style sheet.
import { largest, smallest } from '../../../registry/extremes.ts';
import {
  axisNames,
  countInBins,
  drawing,
  escapeText,
  type Frame,
  type Point,
  pathThrough,
  tenth,
  tick,
} from '../../plots/svg.ts';

export interface Line {
  /** Class of its colour. */
  readonly kind: string;
  readonly points: readonly Point[];
}

interface TimePlot {
  readonly title: string;
  /** Seconds. */
  readonly from: number;
  readonly to: number;
  readonly y: { readonly label: string; readonly ticks: readonly number[]; readonly isLog: boolean };
  readonly lines: readonly Line[];
  readonly level?: { readonly at: number; readonly label: string };
  /** Moments, numbered in their order. */
  readonly marks: readonly { readonly x: number }[];
}

const time: Frame = { width: 1080, height: 290, left: 58, right: 16, top: 30, bottom: 44 };

/** Lines over time, with the moments that matter as numbered uprights. */
export function timePlot({ title, from, to, y, lines, level, marks }: TimePlot): string {
  const { width, height, left, right, top, bottom } = time;
  const scaled = (value: number) => (y.isLog ? Math.log10(value) : value);
  const [low, high] = [scaled(y.ticks[0] ?? 0), scaled(y.ticks.at(-1) ?? 1)];
  const xAt = (value: number) => tenth(left + ((value - from) / (to - from)) * (width - left - right));
  const yAt = (value: number) => {
    const within = Math.min(high, Math.max(low, scaled(Math.max(value, Number.MIN_VALUE))));
    return tenth(height - bottom - ((within - low) / (high - low)) * (height - top - bottom));
  };
  const grid = y.ticks.map(
    (value) =>
      `<path class="grid" d="M${left} ${yAt(value)}H${width - right}"/>${tick({ x: left - 8, y: yAt(value) + 4 }, 'end', String(value))}`,
  );
  const step = niceStep(to - from);
  const seconds = Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
  const below = seconds.map((value) =>
    tick({ x: xAt(value), y: height - bottom + 18 }, 'middle', String(Math.round(value))),
  );
  const drawn = lines.map(({ kind, points }) => {
    const places = points.map((point) => ({ x: xAt(point.x), y: yAt(point.y) }));
    const dots = places.map((place) => `<circle class="point ${kind}" cx="${place.x}" cy="${place.y}" r="2.6"/>`);
    return `<path class="line ${kind}" d="${pathThrough(places)}"/>${dots.join('')}`;
  });
  const limit =
    level === undefined
      ? ''
      : `<path class="limit" d="M${left} ${yAt(level.at)}H${width - right}"/><text class="tick limit-name" x="${left + 6}" y="${yAt(level.at) - 6}">${escapeText(level.label)}</text>`;
  const moments = spread(marks.map(({ x }) => xAt(x))).map(
    ({ at, shownAt }, index) =>
      `<path class="moment" d="M${at} ${height - bottom}V${top}L${shownAt} ${top - 8}"/><circle class="badge" cx="${shownAt}" cy="${top - 16}" r="8.5"/><text class="badge-number" x="${shownAt}" y="${top - 12}" text-anchor="middle">${index + 1}</text>`,
  );
  const names = axisNames(time, 'seconds since the devices began', y.label);
  return drawing('time', time, title, [...grid, ...below, limit, ...moments, ...drawn, names].join(''));
}

/** Badges side by side where their moments are too close. */
function spread(places: readonly number[]): { at: number; shownAt: number }[] {
  const apart = 19;
  let last = Number.NEGATIVE_INFINITY;
  const rightmost = time.width - time.right;
  return places.map((at, index) => {
    const room = rightmost - (places.length - 1 - index) * apart;
    last = tenth(Math.min(room, Math.max(at, last + apart)));
    return { at, shownAt: last };
  });
}

const small = { width: 320, height: 150, bottom: 24, top: 6 };

/** How a feature was distributed before and is now: shares of the readings in bins of equal width. */
export function thenAndNow(title: string, before: readonly number[], after: readonly number[]): string {
  const all = [...before, ...after];
  const [low, high] = [smallest(all), largest(all)];
  const sharesOf = (values: readonly number[]) =>
    countInBins(values, low, high, 40).map((count) => count / values.length);
  const labels = [low, (low + high) / 2, high].map((value) => String(Number(value.toPrecision(4))));
  return pairOfShapes(title, sharesOf(before), sharesOf(after), labels);
}

/** The same for a feature of few values. */
export function categoriesThenAndNow(
  title: string,
  names: readonly string[],
  before: readonly string[],
  after: readonly string[],
): string {
  const sharesOf = (values: readonly string[]) =>
    names.map((name) => values.filter((value) => value === name).length / values.length);
  const [old, own] = [sharesOf(before), sharesOf(after)];
  const { width, height, bottom, top } = small;
  const most = largest([...old, ...own]);
  const slot = width / names.length;
  const bars = names.flatMap((name, index) =>
    [
      { kind: 'then', share: old[index] ?? 0, at: 0.16 },
      { kind: 'now', share: own[index] ?? 0, at: 0.51 },
    ]
      .map(({ kind, share, at }) => {
        const tall = (share / most) * (height - top - bottom);
        return `<rect class="shape ${kind}" x="${tenth(slot * (index + at))}" y="${tenth(height - bottom - tall)}" width="${tenth(slot * 0.33)}" height="${tenth(tall)}"/>`;
      })
      .concat(tick({ x: tenth(slot * (index + 0.5)), y: height - 7 }, 'middle', name)),
  );
  return smallFrame(title, bars.join(''));
}

function pairOfShapes(title: string, before: number[], after: number[], labels: readonly string[]): string {
  const { width, height, bottom, top } = small;
  const most = largest([...before, ...after]);
  const slot = width / before.length;
  const shape = (shares: readonly number[], kind: string) => {
    const path = shares.map((share, bin) => {
      const y = tenth(height - bottom - (share / most) * (height - top - bottom));
      return `L${tenth(bin * slot)} ${y}H${tenth((bin + 1) * slot)}`;
    });
    return `<path class="shape ${kind}" d="M0 ${height - bottom}${path.join('')}V${height - bottom}Z"/>`;
  };
  const anchors = ['start', 'middle', 'end'] as const;
  const ticks = labels.map((label, index) =>
    tick({ x: (index * width) / 2, y: height - 7 }, anchors[index] ?? 'middle', label),
  );
  return smallFrame(title, `${shape(before, 'then')}${shape(after, 'now')}${ticks.join('')}`);
}

function smallFrame(title: string, content: string): string {
  const { width, height, bottom } = small;
  return drawing('plot', small, title, `${content}<path class="axis" d="M0 ${height - bottom}H${width}"/>`);
}

/** Some ten ticks, at numbers that one counts in. */
function niceStep(span: number): number {
  return [1, 2, 5, 10, 20, 30, 60].find((step) => span / step <= 12) ?? 120;
}
