// The meaning of a cell for an input of some datatype: one element, or the reason why nothing fits.
import { type Datatype, isFloat } from '../../../registry/signature.ts';
import { toBfloat16Bits } from '../../../worker/protocol/bfloat16.ts';
import type { Cell } from './records.ts';

/** NaN for a missing float; bigint for 64-bit integers. */
export type Element = string | number | bigint | boolean;

/** How the cells of a file are read. */
export interface CellRules {
  readonly decimal: '.' | ',';
  /** Cells that are missing whatever the column. */
  readonly missing: ReadonlySet<string>;
}

export class CellFault {
  /** A sentence part that goes behind what came, or ''. */
  readonly advice: string;

  constructor(advice = '') {
    this.advice = advice;
  }
}

/** Spellings of a missing value, in lower case. In a column of numbers they can mean nothing else. */
const missingWords: ReadonlySet<string> = new Set([
  '',
  'na',
  'n/a',
  '#n/a',
  '<na>',
  'nan',
  '-nan',
  'null',
  'none',
  '?',
]);

const truths: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['1', true],
  ['1.0', true],
  ['false', false],
  ['no', false],
  ['0', false],
  ['0.0', false],
]);

/** Whether a text could be meant as missing; an empty one is. */
export function isMissingWord(text: string): boolean {
  return missingWords.has(text.trim().toLowerCase());
}

export function isMissing(cell: Cell, { missing }: CellRules): boolean {
  return cell === null || (missing.size > 0 && typeof cell === 'string' && missing.has(cell.trim()));
}

/** `true` and `false` of any case, as JSON and pandas write them; undefined for anything else. */
export function truthValueOf(cell: Cell): boolean | undefined {
  if (typeof cell === 'boolean') return cell;
  const word = typeof cell === 'string' ? cell.trim().toLowerCase() : '';
  return word === 'true' ? true : word === 'false' ? false : undefined;
}

export function readCell(cell: Cell, datatype: Datatype, rules: CellRules): Element | CellFault {
  if (typeof cell === 'object' && cell !== null) return new CellFault();
  if (datatype === 'BYTES') return isMissing(cell, rules) ? '' : wellFormed(String(cell));
  const text = String(cell).trim();
  // Most cells are plain numbers.
  if (isMissing(cell, rules) || (!numberPattern.test(text) && isMissingWord(text))) {
    return isFloat(datatype) ? Number.NaN : new CellFault(', a missing value, which only a float or a text can have');
  }
  if (datatype === 'BOOL') return truths.get(text.toLowerCase()) ?? new CellFault();
  const truth = truthValueOf(cell);
  if (rules.decimal === ',' && text.includes('.')) {
    return new CellFault('; the decimal sign is a comma, and separators of thousands are not read');
  }
  const written = truth === undefined ? pointed(text, rules) : truth ? '1' : '0';
  return isFloat(datatype) ? readFloat(written, datatype, rules) : readInteger(written, datatype, rules);
}

/** Half a surrogate pair, which JSON can escape, has no UTF-8. */
function wellFormed(text: string): string | CellFault {
  return text.isWellFormed() ? text : new CellFault(', which has half a surrogate pair');
}

/** The same number with a decimal point. */
export function pointed(text: string, { decimal }: Pick<CellRules, 'decimal'>): string {
  return decimal === ',' ? text.replace(',', '.') : text;
}

const numberPattern = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;
const infinityPattern = /^([-+]?)inf(inity)?$/i;

function readFloat(text: string, datatype: Datatype, rules: CellRules): number | CellFault {
  if (!numberPattern.test(text)) {
    const [isInfinity, sign] = infinityPattern.exec(text) ?? [];
    if (isInfinity === undefined) return new CellFault(adviceFor(text, rules));
    return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const number = Number(text);
  return Number.isFinite(stored(number, datatype))
    ? number
    : new CellFault(`, which is beyond the range of ${datatype}`);
}

function stored(number: number, datatype: Datatype): number {
  if (datatype === 'FP32') return Math.fround(number);
  if (datatype === 'FP16') return Math.f16round(number);
  if (datatype === 'BF16') return (toBfloat16Bits(number) & 0x7fff) === 0x7f80 ? Number.POSITIVE_INFINITY : number;
  return number;
}

/** Exact at any size; `3.0` is an integer as well, as pandas writes columns that have missing values. */
function readInteger(text: string, datatype: Datatype, rules: CellRules): number | bigint | CellFault {
  const [, digits] = /^\+?(-?\d+)(?:\.0*)?$/.exec(text) ?? [];
  if (digits === undefined) {
    if (!numberPattern.test(text)) return new CellFault(adviceFor(text, rules));
    const number = Number(text);
    if (!Number.isSafeInteger(number)) {
      return new CellFault(Number.isInteger(number) ? '; write it as plain digits' : ', which is no integer');
    }
    return inRange(BigInt(number), datatype);
  }
  return inRange(BigInt(digits), datatype);
}

function inRange(value: bigint, datatype: Datatype): number | bigint | CellFault {
  const bits = Number(/\d+/.exec(datatype)?.[0]);
  const isSigned = datatype.startsWith('I');
  const most = (1n << BigInt(isSigned ? bits - 1 : bits)) - 1n;
  const least = isSigned ? -most - 1n : 0n;
  if (value < least || value > most) return new CellFault(`, which is outside ${least} to ${most}`);
  return bits === 64 ? value : Number(value);
}

/** For what looks like a number in another notation. */
function adviceFor(text: string, { decimal }: CellRules): string {
  if (/^[-+]?0[xob]/i.test(text)) return '; write numbers in decimal digits';
  if (decimal === '.' && /^[-+]?\d*,\d+$/.test(text)) {
    return '; a decimal comma is read with --decimal comma, separators of thousands are not read';
  }
  if (/^[-+]?\d[\d.,'’_\s]*\d$/.test(text)) return '; separators of thousands are not read';
  return '';
}
