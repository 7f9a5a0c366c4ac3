// Plots as SVG, drawn by the Worker: they are there without scripts, can be copied, and cost the page no library. Each has its numbers
// as a table for who cannot see it.
import { largest } from '../../../registry/extremes.ts';
import { countText, figureText } from './figures.tsx';

export interface Series {
  readonly name: string;
  /** The class of its line: `a`, `b` or `bad`. */
  readonly line: 'a' | 'b' | 'bad';
  readonly values: readonly number[];
}

const sparkWidth = 120;
const sparkHeight = 26;

/** A line without axes, for a row of a table. */
export function Sparkline({ values, label }: { values: readonly number[]; label: string }) {
  const most = Math.max(1, largest(values));
  return (
    <svg class="spark" viewBox={`0 0 ${sparkWidth} ${sparkHeight}`} role="img" aria-label={label}>
      <polyline
        class="a"
        points={pointsOf(values, { left: 1, top: 2, width: sparkWidth - 2, height: sparkHeight - 4 }, most)}
      />
    </svg>
  );
}

const [width, height] = [640, 200];
const inside = { left: 48, top: 12, width: 580, height: 150 };
const ticks = 4;

/** Values over time. @param stepMs from one value to the next */
export function TimePlot({
  series,
  fromMs,
  stepMs,
  unit,
  title,
}: {
  series: readonly Series[];
  fromMs: number;
  stepMs: number;
  unit: string;
  title: string;
}) {
  const count = series[0]?.values.length ?? 0;
  const most = niceMost(largest(series.flatMap(({ values }) => [0, ...values])));
  const xOf = (index: number) => inside.left + (index / Math.max(1, count - 1)) * inside.width;
  const yOf = (value: number) => inside.top + inside.height * (1 - value / most);
  const hourMarks = Array.from({ length: count }, (_, index) => fromMs + index * stepMs)
    .map((ms, index) => ({ ms, index }))
    .filter(({ ms }) => ms % (4 * 3_600_000) === 0);
  return (
    <figure class="plot">
      <svg
        class="plot"
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`${title}: the numbers stand in the table below`}
      >
        {Array.from({ length: ticks + 1 }, (_, index) => (most * index) / ticks).map((value) => (
          <g>
            <line
              class="axis"
              x1={String(inside.left)}
              x2={String(inside.left + inside.width)}
              y1={String(yOf(value))}
              y2={String(yOf(value))}
            />
            <text x={String(inside.left - 6)} y={String(yOf(value) + 4)} text-anchor="end">
              {figureText(value)}
            </text>
          </g>
        ))}
        {hourMarks.map(({ ms, index }) => (
          <text
            x={xOf(index).toFixed(1)}
            y={String(height - 20)}
            text-anchor="middle"
            data-hour={new Date(ms).toISOString()}
          >
            {new Date(ms).toISOString().slice(11, 16)}
          </text>
        ))}
        <text x={String(inside.left)} y={String(height - 2)} data-zone>
          {unit}; times in UTC
        </text>
        {series.map(({ line, values }) => (
          <polyline class={line} points={pointsOf(values, inside, most)} />
        ))}
      </svg>
      <figcaption>
        {series.map(({ name, line, values }) => (
          <span class={`key ${line}`}>
            {name}: {countText(values.reduce((sum, value) => sum + value, 0))}
          </span>
        ))}
      </figcaption>
      <details>
        <summary>The numbers</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">From (UTC)</th>
              {series.map(({ name }) => (
                <th scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {Array.from({ length: count }, (_, index) => index)
              .filter((index) => series.some(({ values }) => values[index] !== 0))
              .map((index) => (
                <tr>
                  <td>{new Date(fromMs + index * stepMs).toISOString().slice(0, 16).replace('T', ' ')}</td>
                  {series.map(({ values }) => (
                    <td class="number">{figureText(values[index] ?? 0)}</td>
                  ))}
                </tr>
              ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function pointsOf(values: readonly number[], box: Box, most: number): string {
  const step = box.width / Math.max(1, values.length - 1);
  return values
    .map(
      (value, index) =>
        `${(box.left + index * step).toFixed(1)},${(box.top + box.height * (1 - value / most)).toFixed(1)}`,
    )
    .join(' ');
}

/** The next of 1, 2, 4, 10, … above it, so that the marks of the axis are round. */
function niceMost(value: number): number {
  if (value <= ticks) return ticks;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 10].map((factor) => factor * power).find((most) => most >= value) ?? value;
}
