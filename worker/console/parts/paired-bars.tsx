// Two histograms of the same bins as pairs of bars, drawn by the Worker. They lie down, because the names of bins are longer than bars
// are wide, and the drawing is as wide as a phone, so that its text is not made smaller there. The page has the numbers as a table.
import { largest } from '../../../registry/extremes.ts';
import { shareText } from './figures.tsx';

export interface Histogram {
  readonly name: string;
  /** Of each bin, from 0 to 1. */
  readonly shares: readonly number[];
}

const width = 360;
const left = 118;
/** Behind the longest bar there is room for its share. */
const right = 44;
const [top, rowHeight, barHeight, footHeight] = [4, 30, 11, 34];
const longestName = 17;

/** @param of whose values they are, for the text that stands for the drawing */
export function PairedBars({
  of,
  bins,
  pair: [first, second],
}: {
  of: string;
  bins: readonly string[];
  pair: readonly [Histogram, Histogram];
}) {
  const most = largest([0.01, ...first.shares, ...second.shares]);
  const floor = top + bins.length * rowHeight;
  const lengthOf = (share: number) => ((width - left - right) * share) / most;
  return (
    <figure class="plot">
      <svg
        class="plot bars"
        viewBox={`0 0 ${width} ${floor + footHeight}`}
        role="img"
        aria-label={`${of}: ${farthestApart(bins, first, second)} All numbers stand in the table below.`}
      >
        <line class="axis" x1={String(left)} x2={String(left)} y1={String(top)} y2={String(floor)} />
        {bins.map((bin, index) => {
          const y = top + index * rowHeight + (rowHeight - 2 * barHeight) / 2;
          return (
            <g>
              <text x={String(left - 6)} y={String(y + barHeight + 4)} text-anchor="end">
                {shortened(bin)}
              </text>
              {[first, second].map(({ shares }, at) => {
                const share = shares[index] ?? 0;
                const barTop = y + at * barHeight;
                return (
                  <>
                    <rect
                      class={at === 0 ? 'a' : 'b'}
                      x={String(left)}
                      y={String(barTop)}
                      width={lengthOf(share).toFixed(1)}
                      height={String(barHeight - 1)}
                    />
                    <text class="small" x={(left + lengthOf(share) + 4).toFixed(1)} y={String(barTop + 9)}>
                      {shareText(share)}
                    </text>
                  </>
                );
              })}
            </g>
          );
        })}
        <line class="axis" x1={String(left)} x2={String(width - right)} y1={String(floor)} y2={String(floor)} />
        {[0, most / 2, most].map((share) => (
          <text x={(left + lengthOf(share)).toFixed(1)} y={String(floor + 14)} text-anchor="middle">
            {shareText(share)}
          </text>
        ))}
        <text x={String(left)} y={String(floor + 30)}>
          share of the values
        </text>
      </svg>
      <figcaption>
        <span class="key">{first.name}</span>
        <span class="key b">{second.name}</span>
      </figcaption>
    </figure>
  );
}

/** A sentence for whoever cannot see the bars. */
function farthestApart(bins: readonly string[], first: Histogram, second: Histogram): string {
  const [farthest] = bins
    .map((bin, index) => ({ bin, one: first.shares[index] ?? 0, other: second.shares[index] ?? 0 }))
    .sort((a, b) => Math.abs(b.one - b.other) - Math.abs(a.one - a.other));
  if (farthest === undefined) return 'there are no bins.';
  const { bin, one, other } = farthest;
  if (one === other) return `${first.name} and ${second.name} have the same shares.`;
  return `farthest apart in the bin ${bin}, ${shareText(one)} (${first.name}) against ${shareText(other)} (${second.name}).`;
}

function shortened(name: string): string {
  const characters = [...name];
  return characters.length > longestName ? `${characters.slice(0, longestName - 1).join('')}…` : name;
}
