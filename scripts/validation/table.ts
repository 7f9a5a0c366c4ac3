// Test data in a text file: CSV with a header, or JSON lines. Cells keep the form they are written in; what they mean is for
// the input that they go into to say.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parse as parseCsv } from 'csv-parse/sync';
import { sha256Digest } from '../../registry/digests.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { DataReference } from '../../registry/evaluation.ts';

/** Text as CSV has it, or what JSON has; a list holds several elements of one input. */
export type Cell = string | number | boolean | null | readonly Cell[];

export interface Table {
  readonly reference: DataReference;
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, Cell>>[];
  /** Where a row is in the file, for messages: its line, where each row has one. */
  readonly where: (row: number) => string;
}

/**
 * @param file `.csv`, `.tsv`, `.jsonl` or `.ndjson`
 * @throws {PopserveError} INVALID_ARGUMENT naming the line at fault
 */
export async function readTable(file: string): Promise<Table> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new PopserveError('INVALID_ARGUMENT', `cannot read the test data: ${String(cause)}`, { cause });
  });
  const text = new TextDecoder().decode(bytes);
  const name = basename(file);
  const isJson = /\.(jsonl|ndjson|json)$/i.test(file);
  const { columns, rows } = isJson ? readJsonLines(text, name) : readCsv(text, name, /\.tsv$/i.test(file));
  if (rows.length === 0) throw new PopserveError('INVALID_ARGUMENT', `${name}: expected at least one row`);
  const digest = await sha256Digest(new Uint8Array(bytes));
  return {
    reference: { file: name, digest, rows: rows.length },
    columns,
    rows,
    where: (row) => `${name}, row ${row + 1}`,
  };
}

function readCsv(text: string, name: string, isTabbed: boolean) {
  try {
    const lines: string[][] = parseCsv(text, {
      bom: true,
      delimiter: isTabbed ? '\t' : ',',
      skip_empty_lines: true,
      trim: true,
    });
    const [header = [], ...body] = lines;
    const twice = header.find((column, index) => column !== '' && header.indexOf(column) !== index);
    if (twice !== undefined) throw new Error(`column '${twice}' is there twice`);
    const columns = header.filter((column) => column !== '');
    const rows = body.map((cells) => Object.fromEntries(header.map((column, index) => [column, cells[index] ?? ''])));
    return { columns, rows };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PopserveError('INVALID_ARGUMENT', `${name}: ${reason}`, { cause });
  }
}

function readJsonLines(text: string, name: string) {
  const columns = new Set<string>();
  const rows = text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const row = readObject(line, `${name}, line ${index + 1}`);
    for (const column of Object.keys(row)) columns.add(column);
    return [row];
  });
  return { columns: [...columns], rows };
}

function readObject(line: string, where: string): Record<string, Cell> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new PopserveError('INVALID_ARGUMENT', `${where}: expected JSON (${String(cause)})`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, Cell>;
  throw new PopserveError('INVALID_ARGUMENT', `${where}: expected an object like {"torque": 42.8, "label": 0}`);
}
