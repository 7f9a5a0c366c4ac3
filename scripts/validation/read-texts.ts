// Test data of a version that takes texts: a column of texts, and one with the truth, prepared by the version's own pipeline.
import { invalid } from '../../registry/errors.ts';
import type { Item } from '../../worker/pipeline/items.ts';
import { prepareTexts, type TextPreparation } from '../publish/pipeline/tokenised.ts';
import { sameName } from './table/column-names.ts';
import { guessedLabel, namedLabel } from './table/label-column.ts';
import { readTable, type Table } from './table/read-table.ts';
import { truthOf } from './table/truth.ts';
import type { DataOptions, TestData } from './test-data.ts';

/** Columns that are texts without being named. */
const usualNames = ['text', 'sentence', 'content', 'message'];

/** @throws {PopserveError} INVALID_ARGUMENT naming the column or the row at fault */
export async function readTexts(
  options: DataOptions,
  preparation: TextPreparation,
  needsTruth: boolean,
): Promise<TestData> {
  const table = await readTable(options.path, options.reading);
  const { columns, reference } = table;
  const text = textColumn(columns, options, reference.file);
  const texts = textsOf(table, text);
  const label = !needsTruth
    ? undefined
    : options.label === undefined
      ? guessedLabel(columns, new Set([text]), reference.file)
      : namedLabel(columns, options.label, reference.file);
  const rules = { decimal: '.', missing: new Set(options.reading?.missing) } as const;
  const items: Item[] = [];
  return {
    reference,
    label: label ?? '',
    truth: label === undefined ? [] : truthOf(table, label, rules),
    inputs: (from, to) => {
      const prepared = prepareTexts(texts.slice(from, to), preparation);
      for (const [at, item] of prepared.items.entries()) items[from + at] = item;
      return prepared.inputs;
    },
    items,
    names: new Map(),
    notes: [...table.notes, `${reference.file}: the texts are in column '${text}'`],
  };
}

/** `--column text=NAME`, or the only column with a usual name. */
function textColumn(columns: readonly string[], { columns: named }: DataOptions, file: string): string {
  const odd = Object.keys(named ?? {}).find((name) => name !== 'text');
  if (odd !== undefined) throw invalid(`--column ${odd}=…: the version takes a text, so expected --column text=COLUMN`);
  const wanted = named?.text;
  const found = (wanted === undefined ? usualNames : [wanted]).flatMap((name) => sameName(columns, name) ?? []);
  const [column, other] = [...new Set(found)];
  if (column !== undefined && other === undefined) return column;
  const which =
    other === undefined
      ? `no column ${(wanted === undefined ? usualNames : [wanted]).join(', ')}`
      : `'${column}' and '${other}'`;
  throw invalid(`${file}: ${which}; say which has the texts with --column text=COLUMN. Columns: ${columns.join(', ')}`);
}

function textsOf(table: Table, column: string): string[] {
  const at = table.columns.indexOf(column);
  return table.rows.map((row, index) => {
    const cell = row[at];
    if (typeof cell === 'string') return cell;
    if (typeof cell === 'number' || typeof cell === 'boolean') return String(cell);
    throw invalid(`${table.where(index)}, column '${column}': expected a text, got ${JSON.stringify(cell)}`);
  });
}
