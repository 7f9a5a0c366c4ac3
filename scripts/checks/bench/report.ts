// Results as Markdown: the page docs/evidence/benchmarks.md and what the terminal shows.

import { mebibyte } from '../../../registry/mebibytes.ts';
import type { Summary } from '../summarise.ts';
import type { Machine } from './machine.ts';
import type { Figure, SectionResult, Table } from './section.ts';

/** @param chart where the chart lies, seen from the page; null: there is none */
export function markdownPage(
  machine: Machine,
  results: readonly SectionResult[],
  quick: boolean,
  chart: string | null = null,
): string {
  const lines = [
    '# Benchmarks',
    '',
    'Written by `npm run bench`; do not edit. Contestants run in turns in one run; values are medians, quartiles in brackets.',
    ...(quick ? ['', '**Made with `--quick`: too few rounds for figures.**'] : []),
    '',
    `- Machine: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGib} GiB, ${machine.system}; load at the start ${machine.load}`,
    `- Versions: ${Object.entries(machine.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
    `- Date: ${machine.date}${duration(results)}`,
    '',
    '## Contestants',
    '',
    '- `popserve`: the serving Worker as it is deployed, in bare workerd (`workerd serve`), R2 and KV read from a folder.',
    '- `bare`: a Worker that does only the run: popserve’s session layer, no protocol, no routing.',
    '- `stock`: a minimal Worker with onnxruntime-web’s own API, `.onnx`, all defaults, JSON in and out; bare workerd as well.',
    '  The precompiled module reaches the package through `env.wasm.wasmPaths.mjs`, unpatched (scripts/checks/bench/workers/stock-glue.ts).',
    '- `native`: onnxruntime-node with one thread behind a plain Node HTTP server, in a process of its own.',
    '- `node-wasm`: onnxruntime-web behind the same Node server.',
    '- `transformers.js`: the package’s image-classification pipeline behind a plain Node server, one thread.',
    '',
    ...charts(results, chart),
    '## Figures',
    '',
    ...figureTable(results.flatMap(({ figures }) => figures)),
  ];
  const sections = results.flatMap((result) => ['', ...sectionLines(result)]);
  return `${[...lines, ...sections].join('\n')}\n`;
}

/** The time of all sections together; nothing where one does not tell. */
function duration(results: readonly SectionResult[]): string {
  const seconds = results.reduce((sum, result) => sum + (result.seconds ?? Number.NaN), 0);
  return results.length === 0 || Number.isNaN(seconds) ? '' : `; the sections took ${number(seconds / 60)} minutes`;
}

function charts(results: readonly SectionResult[], file: string | null): string[] {
  const title = results.find((result) => result.chart !== undefined)?.chart?.title;
  return title === undefined || file === null ? [] : [`![${title}](${file})`, ''];
}

export function sectionLines({ title, how, tables, figures, seconds }: SectionResult): string[] {
  return [
    `## ${title}`,
    '',
    ...how.map((sentence) => `- ${sentence}`),
    ...(seconds === undefined ? [] : [`- The section took ${number(seconds)} s.`]),
    ...tables.flatMap((table) => ['', ...tableLines(table)]),
    ...(figures.length > 0 ? ['', ...figureTable(figures)] : []),
  ];
}

export function tableLines({ columns, rows }: Table): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(columns), `|${columns.map(() => '---').join('|')}|`, ...rows.map(line)];
}

function figureTable(figures: readonly Figure[]): string[] {
  return tableLines({
    columns: ['figure', 'goal', 'measured', ''],
    rows: figures.map(({ what, reach, measured, met, reason }) => [
      what,
      reach,
      measured,
      met ? 'met' : `**missed**: ${reason ?? 'the reason is not known'}`,
    ]),
  });
}

/** Three significant digits: `0.0123`, `1.23`, `123`, `12,300`. */
export function number(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude >= 1000) return Math.round(value).toLocaleString('en');
  return magnitude >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** `12.3 (11.9–12.8)`: median and quartiles. */
export function spread({ median, low, high }: Summary): string {
  return `${number(median)} (${number(low)}–${number(high)})`;
}

/** The number alone, for a table that has the unit in its heading. */
export function inMebibytes(bytes: number): string {
  return number(bytes / mebibyte);
}
