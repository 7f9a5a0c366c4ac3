// The truth of each row, as it is written.
import { PopserveError } from '../../../registry/errors.ts';
import { type CellRules, isMissing, isMissingWord, pointed } from './read-cell.ts';
import type { Table } from './read-table.ts';

const number = /^[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?$/;
const commaNumber = /^[-+]?\d*,\d+([eE][-+]?\d+)?$/;

/** Whether a column holds nothing but numbers and missing values: what is predicted may be a number. */
export function isNumeric({ columns, rows }: Table, column: string): boolean {
  const at = columns.indexOf(column);
  return rows.every(({ [at]: cell }) => typeof cell === 'string' && (number.test(cell.trim()) || isMissingWord(cell)));
}

/** @throws {PopserveError} INVALID_ARGUMENT for a row that has none */
export function truthOf({ columns, rows, where }: Table, column: string, rules: CellRules): string[] {
  const at = columns.indexOf(column);
  return rows.map(({ [at]: cell = null }, row) => {
    if (isMissing(cell, rules) || cell === null || typeof cell === 'object' || String(cell).trim() === '') {
      throw new PopserveError(
        'INVALID_ARGUMENT',
        `${where(row)}: expected the truth in column '${column}', got ${JSON.stringify(cell)}`,
      );
    }
    const text = String(cell);
    return rules.decimal === ',' && commaNumber.test(text.trim()) ? pointed(text.trim(), rules) : text;
  });
}
