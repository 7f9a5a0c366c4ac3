// One chart of the benchmark that needs no table beside it: bars from left to right, drawn as an SVG file of its own. Names stand above
// the bars and texts are wrapped, so that it can be read on a phone as well.

import { largest } from '../../../registry/extremes.ts';
import { escapeText } from '../../plots/svg.ts';
import { number } from './report.ts';
import type { Chart } from './section.ts';

const width = 480;
const margin = 16;
const barWidth = width - 2 * margin;
const barHeight = 14;
const step = 44;
const lineHeight = 17;
/** Characters of the small text that fit into a line. */
const lineLength = 70;

/** Its own ground, as a page may be light where the system is dark. */
const style = `text{font:14px system-ui,sans-serif;fill:#1f2328}.title{font-weight:600;font-size:17px}.note{font-size:12px;fill:#59636e}
.ground{fill:#fff}.own{fill:#1a7f37}.peer{fill:#8c959f}.own-name{font-weight:600}.range{stroke:#1f2328;stroke-width:1.5}
@media (prefers-color-scheme:dark){text{fill:#f0f6fc}.note{fill:#9198a1}.ground{fill:#0d1117}.own{fill:#3fb950}.peer{fill:#656c76}.range{stroke:#f0f6fc}}`;

/** The longest bar comes first; a line on each bar spans the quartiles. */
export function barChart({ title, unit, better, note, bars }: Chart): string {
  const sorted = [...bars].sort((one, other) => other.value.median - one.value.median);
  const most = largest(sorted.map(({ value }) => value.high));
  const scale = (value: number) => Math.round((value / most) * barWidth * 10) / 10;
  const top = 66;
  const rows = sorted.map(({ name, value, isOwn }, index) => {
    const y = top + index * step;
    const bar = y + 22;
    const middle = bar + barHeight / 2;
    const [low, high] = [margin + scale(value.low), margin + scale(value.high)];
    const named = isOwn ? ' class="own-name"' : '';
    return [
      `<text${named} x="${margin}" y="${y + 15}">${escapeText(name)}</text>`,
      `<text${named} x="${width - margin}" y="${y + 15}" text-anchor="end">${number(value.median)}</text>`,
      `<rect class="${isOwn ? 'own' : 'peer'}" x="${margin}" y="${bar}" width="${scale(value.median)}" height="${barHeight}" rx="3"/>`,
      `<line class="range" x1="${low}" y1="${middle}" x2="${high}" y2="${middle}"/>`,
    ].join('\n');
  });
  const below = top + sorted.length * step + lineHeight;
  const notes = wrap(`${note} The line on a bar spans the quartiles.`);
  const height = below + notes.length * lineHeight;
  const noteLine = (text: string, y: number) => `<text class="note" x="${margin}" y="${y}">${escapeText(text)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="${Math.round((height * 640) / width)}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(title)}">
<style>${style}</style>
<rect class="ground" width="${width}" height="${height}" rx="6"/>
<text class="title" x="${margin}" y="30">${escapeText(title)}</text>
${noteLine(`${unit}; ${better === 'more' ? 'longer' : 'shorter'} is better, green is popserve`, 50)}
${rows.join('\n')}
${notes.map((text, index) => noteLine(text, below + index * lineHeight)).join('\n')}
</svg>
`;
}

/** Lines of whole words. */
function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < lineLength) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
