// Test data in a text file: CSV with a header, or JSON lines. Cells keep the form they are written in; what they mean depends on
// the input that they go into.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { sha256Digest } from '../../../registry/digests.ts';
import { PopserveError } from '../../../registry/errors.ts';
import type { DataReference } from '../../../registry/evaluation.ts';
import { unreadable } from '../../unreadable.ts';
import type { ReadingOptions } from '../test-data.ts';
import { requireDistinct } from './column-names.ts';
import { decodeText } from './decode-text.ts';
import { parseCsv } from './parse-csv.ts';
import { parseJsonLine } from './parse-json-line.ts';
import type { Cell, Records } from './records.ts';

export interface Table extends Records {
  readonly reference: DataReference;
  /** Where a row is in the file, for messages. */
  readonly where: (row: number) => string;
  /** Null in JSON lines. */
  readonly separator: string | null;
}

/**
 * @param file `.jsonl`, `.ndjson` or `.json` for JSON lines, `.tsv` for tabs; anything else is CSV
 * @throws {PopserveError} INVALID_ARGUMENT naming the row, line or byte at fault
 */
export async function readTable(file: string, reading: ReadingOptions = {}): Promise<Table> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw unreadable(file, cause);
  });
  const name = basename(file);
  const { text, encoding, notes } = decodeText(bytes, name, reading.encoding);
  const isJson = /\.(jsonl|ndjson|json)$/i.test(file);
  if (isJson) refuseCsvOptions(reading, name);
  const usual = /\.tsv$/i.test(file) ? '\t' : ',';
  const records: Records & { readonly separator: string | null } = isJson
    ? readJsonLines(text, name)
    : parseCsv(text, { name, separator: reading.separator, usual });
  const { columns, rows, separator } = records;
  if (rows.length === 0) throw new PopserveError('INVALID_ARGUMENT', `${name}: expected at least one row`);
  const unusual = {
    ...(encoding === 'utf-8' ? {} : { encoding }),
    ...(separator === null || separator === usual ? {} : { separator }),
    ...(reading.missing === undefined ? {} : { missing: [...reading.missing] }),
  };
  return {
    reference: {
      file: name,
      digest: await sha256Digest(new Uint8Array(bytes)),
      rows: rows.length,
      ...(Object.keys(unusual).length === 0 ? {} : { reading: unusual }),
    },
    columns,
    rows,
    where: (row) => `${name}, row ${row + 1}`,
    separator,
    notes: [...notes, ...records.notes],
  };
}

function refuseCsvOptions({ separator, decimal }: ReadingOptions, name: string): void {
  const option = separator !== undefined ? '--separator' : decimal !== undefined ? '--decimal' : undefined;
  if (option === undefined) return;
  throw new PopserveError('INVALID_ARGUMENT', `${option} is about CSV, and ${name} is JSON lines`);
}

function readJsonLines(text: string, name: string): Records & { readonly separator: null } {
  const lines = text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    return [parseJsonLine(line, `${name}, line ${index + 1}`)];
  });
  const columns = [...new Set(lines.flatMap((members) => [...members.keys()]))];
  requireDistinct(columns, name);
  const rows = lines.map((members): (Cell | undefined)[] => columns.map((column) => members.get(column)));
  return { columns, rows, separator: null, notes: [] };
}
