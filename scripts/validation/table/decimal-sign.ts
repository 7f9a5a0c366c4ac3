// Whether a file writes numbers with a decimal point or a decimal comma: inferred only where its cells leave no choice.
import { invalid } from '../../../registry/errors.ts';
import type { Cell } from './records.ts';

export interface DecimalSign {
  readonly decimal: '.' | ',';
  readonly notes: readonly string[];
}

export interface NumberCell {
  readonly cell: Cell | undefined;
  /** For messages: file, row and column. */
  readonly where: () => string;
}

const pointNumber = /^[-+]?\d*\.\d+([eE][-+]?\d+)?$/;
const commaNumber = /^[-+]?\d*,\d+([eE][-+]?\d+)?$/;
/** 1,234 is 1234 or 1.234. */
const grouped = /^[-+]?[1-9]\d{0,2}(,\d{3})+$/;

/**
 * @param separator between cells; where it is a comma, or null as in JSON, decimal commas are read only if asked for
 * @param cells those that are to be numbers
 * @throws {PopserveError} INVALID_ARGUMENT where both signs occur, or a comma that may separate thousands
 */
export function findDecimalSign(file: string, separator: string | null, cells: Iterable<NumberCell>): DecimalSign {
  if (separator === null || separator === ',') return { decimal: '.', notes: [] };
  const first: { point?: NumberCell; comma?: NumberCell; either?: NumberCell } = {};
  for (const each of cells) {
    if (typeof each.cell !== 'string') continue;
    const text = each.cell.trim();
    if (pointNumber.test(text)) first.point ??= each;
    else if (grouped.test(text)) first.either ??= each;
    else if (commaNumber.test(text)) first.comma ??= each;
  }
  const { point, comma, either } = first;
  if (comma !== undefined && point !== undefined) {
    throw invalid(
      `${tell(comma)} and ${tell(point)}: say which is the decimal sign, --decimal comma or --decimal point`,
    );
  }
  if (comma !== undefined)
    return { decimal: ',', notes: [`${file} has decimal commas, as in ${String(comma.cell).trim()}`] };
  if (either !== undefined && point === undefined) {
    throw invalid(
      `${tell(either)}, whose comma may be the decimal sign or separate thousands: say --decimal comma or --decimal point`,
    );
  }
  return { decimal: '.', notes: [] };
}

function tell({ cell, where }: NumberCell): string {
  return `${where()} has ${String(cell).trim()}`;
}
