// CSV with a header, as spreadsheets and pandas write it. Cells keep the form that they are written in. The separator is the one
// that the file leaves no choice about; where it leaves one, it is asked for.
import { parse } from 'csv-parse/sync';
import { invalid, PopserveError } from '../../../registry/errors.ts';
import { requireDistinct } from './column-names.ts';
import type { Records } from './records.ts';

const separators = [',', ';', '\t', '|'] as const;

const words: Readonly<Record<string, string>> = {
  ',': 'commas',
  ';': 'semicolons',
  '\t': 'tabs',
  '|': 'vertical bars',
};

export interface CsvOptions {
  /** Name of the file, for messages. */
  readonly name: string;
  /** Where it was named. */
  readonly separator?: string | undefined;
  /** The separator that goes without saying for such a file. */
  readonly usual: string;
}

export interface CsvRecords extends Records {
  readonly separator: string;
}

/** @throws {PopserveError} INVALID_ARGUMENT naming row or line, and what was expected */
export function parseCsv(text: string, options: CsvOptions): CsvRecords {
  const { name, usual } = options;
  // Excel's own way to name the separator, in a line before the header.
  const [line = '', declared] = /^sep=(.)(?:\r\n|\n|\r)/.exec(text) ?? [];
  const body = text.slice(line.length);
  const separator = options.separator ?? declared ?? findSeparator(body, name);
  const { lines, blanks } = split(body, separator, name);
  const [header = [], ...rows] = lines;
  const isEnded = endsWithSeparator(header, rows);
  if (!isEnded) requireWidth(header, rows, separator, name);
  const named = header.flatMap((column, index) => (column.trim() === '' ? [] : [{ column: column.trim(), index }]));
  const columns = named.map(({ column }) => column);
  requireDistinct(columns, name);
  return {
    columns,
    rows: rows.map((cells) => named.map(({ index }) => cells[index] ?? '')),
    separator,
    notes: [
      ...(separator === usual || options.separator !== undefined
        ? []
        : [`${name} has ${wordsFor(separator)} between its cells`]),
      ...(isEnded ? [`${name}: the separator at the end of each row is ignored`] : []),
      ...(blanks > 0 ? [`${name}: ${blanks} empty lines are skipped`] : []),
    ],
  };
}

/** The only one of the usual that the header has outside quotes, or by which every row has as many cells as the header. */
function findSeparator(text: string, name: string): string {
  const found = separators.filter((separator) => (headerOf(text, separator)?.length ?? 0) > 1);
  const [only, ...others] = found;
  if (only === undefined) return ',';
  if (others.length === 0) return only;
  const fitting = found.filter((separator) => isEven(text, separator));
  const [fits, ...more] = fitting;
  if (fits !== undefined && more.length === 0) return fits;
  throw invalid(
    `${name}: its cells may be separated by ${found.map(wordsFor).join(' or ')}; say which with --separator comma, semicolon, tab or bar`,
  );
}

function headerOf(text: string, separator: string): string[] | undefined {
  try {
    return csv(text, separator, { to: 1 })[0];
  } catch {
    return undefined;
  }
}

function isEven(text: string, separator: string): boolean {
  try {
    const [header = [], ...rows] = csv(text, separator).filter((cells) => !isBlank(cells));
    return rows.every(({ length }) => length === header.length);
  } catch {
    return false;
  }
}

/** Without lines of nothing but blanks; `blanks` counts those between others. */
function split(text: string, separator: string, name: string): { lines: string[][]; blanks: number } {
  try {
    const all = csv(text, separator);
    const upToLast = all.slice(0, all.findLastIndex((cells) => !isBlank(cells)) + 1);
    const lines = upToLast.filter((cells) => !isBlank(cells));
    return { lines, blanks: upToLast.length - lines.length };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PopserveError('INVALID_ARGUMENT', `${name}: ${reason} (separated by ${wordsFor(separator)})`, { cause });
  }
}

function csv(text: string, delimiter: string, more: { to?: number } = {}): string[][] {
  return parse(text, {
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'].filter((end) => text.includes(end)),
    // Differences are told by the row here, not as a fault of the format.
    relax_column_count: true,
    ...more,
  });
}

function isBlank(cells: readonly string[]): boolean {
  return cells.length === 1 && (cells[0] ?? '').trim() === '';
}

/** Every row has one cell more than the header, and it is empty. */
function endsWithSeparator(header: readonly string[], rows: readonly (readonly string[])[]): boolean {
  return rows.length > 0 && rows.every((cells) => cells.length === header.length + 1 && cells.at(-1) === '');
}

/** Columns without a name at the end of the header may be missing. */
function requireWidth(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  separator: string,
  name: string,
): void {
  const least = header.findLastIndex((column) => column.trim() !== '') + 1;
  const odd = rows.findIndex(({ length }) => length < least || length > header.length);
  if (odd === -1) return;
  throw invalid(
    `${name}, row ${odd + 1}: expected ${header.length} cells as in the header, got ${rows[odd]?.length} (separated by ${wordsFor(separator)})`,
  );
}

function wordsFor(separator: string): string {
  return words[separator] ?? `'${separator}'`;
}
