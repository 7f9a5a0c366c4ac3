// One chart of the benchmark that needs no table beside it: bars from left to right, drawn as an SVG file of its own.

import { largest } from '../../../registry/extremes.ts';
import { escapeText } from '../../plots/svg.ts';
import { number } from './report.ts';
import type { Chart } from './section.ts';

const width = 720;
const nameWidth = 170;
const valueWidth = 170;
const barHeight = 22;
const step = 34;
const top = 64;

const style = `text{font:14px system-ui,sans-serif;fill:#1f2328}.title{font-weight:600;font-size:16px}.note{font-size:12px;fill:#59636e}
.own{fill:#1a7f37}.peer{fill:#8c959f}.range{stroke:#1f2328;stroke-width:1.5}
@media (prefers-color-scheme:dark){text{fill:#f0f6fc}.note{fill:#9198a1}.own{fill:#3fb950}.peer{fill:#656c76}.range{stroke:#f0f6fc}}`;

/** The longest bar comes first; a line on each bar spans the quartiles. */
export function barChart({ title, unit, note, bars }: Chart): string {
  const sorted = [...bars].sort((one, other) => other.value.median - one.value.median);
  const most = largest(sorted.map(({ value }) => value.high));
  const scale = (value: number) => Math.round((value / most) * (width - nameWidth - valueWidth) * 10) / 10;
  const height = top + sorted.length * step + 12;
  const rows = sorted.map(({ name, value, isOwn }, index) => {
    const y = top + index * step;
    const middle = y + barHeight / 2;
    const [low, high] = [nameWidth + scale(value.low), nameWidth + scale(value.high)];
    return [
      `<text x="${nameWidth - 10}" y="${middle + 5}" text-anchor="end">${escapeText(name)}</text>`,
      `<rect class="${isOwn ? 'own' : 'peer'}" x="${nameWidth}" y="${y}" width="${scale(value.median)}" height="${barHeight}" rx="3"/>`,
      `<line class="range" x1="${low}" y1="${middle}" x2="${high}" y2="${middle}"/>`,
      `<text x="${Math.max(high, nameWidth + scale(value.median)) + 8}" y="${middle + 5}">${number(value.median)} ${escapeText(unit)}</text>`,
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(title)}">
<style>${style}</style>
<text class="title" x="10" y="24">${escapeText(title)}</text>
<text class="note" x="10" y="44">${escapeText(note)}</text>
${rows.join('\n')}
</svg>
`;
}
