// Which columns of a table go into which input, and how their cells become its elements.
import { invalid } from '../../registry/errors.ts';
import { rowElements } from '../../registry/feature.ts';
import { type Datatype, elementCount, type Signature, type TensorSpec } from '../../registry/signature.ts';
import { decodeJsonData } from '../../worker/protocol/decode-json-data.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { Cell, Table } from './table.ts';
import type { DataOptions, TestData } from './test-data.ts';

/** Columns that are taken for the truth where none is named. */
const usualLabels = ['label', 'target', 'class', 'y'];

interface Binding {
  readonly spec: TensorSpec;
  /** One column per element of a row, or one that holds them all as a list. */
  readonly columns: readonly string[];
}

/** @throws {PopserveError} INVALID_ARGUMENT naming the input that has no column, or the cell that does not fit */
export function bindColumns(table: Table, signature: Signature, options: DataOptions, needsTruth = true): TestData {
  const label = labelColumn(table, options, needsTruth);
  const notes: string[] = [];
  const features = table.columns.filter((column) => column !== label);
  const bindings = signature.inputs.map((spec) => bind(spec, signature, features, options, notes));
  const names = bindings.flatMap(({ spec, columns }) => (columns.length > 1 ? [[spec.name, columns] as const] : []));
  return {
    reference: table.reference,
    label: label ?? '',
    truth:
      label === undefined || !needsTruth
        ? []
        : table.rows.map((row, index) => truthOf(row[label] ?? null, table.where(index), label)),
    inputs: (from, to) => bindings.map((binding) => tensorOf(binding, table, from, to)),
    names: new Map(names),
    notes,
  };
}

/** @throws {PopserveError} INVALID_ARGUMENT where it is needed and not there */
export function labelColumn(
  { columns, reference }: Pick<Table, 'columns' | 'reference'>,
  { label }: DataOptions,
  isNeeded: boolean,
): string | undefined {
  const found =
    label === undefined
      ? columns.find((column) => usualLabels.includes(column.toLowerCase()))
      : sameName(columns, label);
  if (found !== undefined || !isNeeded) return found;
  const wanted = label === undefined ? 'name the column with the truth as --label' : `no column '${label}'`;
  throw invalid(`${reference.file}: ${wanted}; it has ${columns.join(', ')}`);
}

function bind(
  spec: TensorSpec,
  { inputs }: Signature,
  columns: readonly string[],
  options: DataOptions,
  notes: string[],
): Binding {
  const elements = rowElements(spec);
  const mapped = options.columns?.[spec.name];
  const own = sameName(columns, mapped ?? spec.name);
  if (mapped !== undefined && own === undefined) throw invalid(`input '${spec.name}': no column '${mapped}'`);
  if (own !== undefined) return { spec, columns: [own] };
  if (elements !== null && elements > 1) {
    if (options.features !== undefined)
      return { spec, columns: requireColumns(spec, columns, options.features, elements) };
    const numbered = Array.from({ length: elements }, (_, index) => sameName(columns, `${spec.name}[${index}]`));
    if (numbered.every((column) => column !== undefined)) return { spec, columns: numbered };
    if (inputs.length === 1 && columns.length === elements) {
      notes.push(`the columns of the test data go into input '${spec.name}' in their order: ${columns.join(', ')}`);
      return { spec, columns };
    }
  }
  const vector = elements !== null && elements > 1 ? `, or the ${elements} columns of its elements as --features` : '';
  throw invalid(
    `input '${spec.name}': the test data has no column of that name; give it as --column ${spec.name}=COLUMN${vector}. Columns: ${columns.join(', ')}`,
  );
}

function requireColumns(spec: TensorSpec, columns: readonly string[], wanted: readonly string[], elements: number) {
  if (wanted.length !== elements) {
    throw invalid(`input '${spec.name}': expected ${elements} features, got ${wanted.length}: ${wanted.join(', ')}`);
  }
  return wanted.map((name) => {
    const found = sameName(columns, name);
    if (found === undefined) throw invalid(`the test data has no column '${name}'; it has ${columns.join(', ')}`);
    return found;
  });
}

/** The column itself, or the only one that differs in nothing but case, spaces, underscores and a unit in brackets. */
export function sameName(columns: readonly string[], name: string): string | undefined {
  if (columns.includes(name)) return name;
  const alike = columns.filter((column) => plainName(column) === plainName(name));
  return alike.length === 1 ? alike[0] : undefined;
}

function plainName(name: string): string {
  return name
    .replace(/\s*(\[[^\]]*[^\]\d][^\]]*\]|\([^)]*\))\s*$/, '')
    .replace(/[\s_-]+/g, '')
    .toLowerCase();
}

function tensorOf({ spec, columns }: Binding, { rows, where }: Table, from: number, to: number): Tensor {
  const lists = rows.slice(from, to).map((row, index) => {
    const cells = columns.map((column) => row[column] ?? null);
    return cells.flat(8).map((cell, at) => {
      const value = elementOf(cell as Exclude<Cell, readonly Cell[]>, spec.datatype);
      if (value !== undefined) return value;
      const column = columns[at] ?? columns[0];
      throw invalid(
        `${where(from + index)}, column '${column}': expected ${spec.datatype} for input '${spec.name}', got ${JSON.stringify(cell)}`,
      );
    });
  });
  const shape = shapeOf(spec, to - from, lists[0]?.length ?? 0);
  const size = elementCount(shape.slice(1));
  const odd = lists.findIndex((list) => list.length !== size);
  if (odd !== -1) {
    throw invalid(
      `${where(from + odd)}: expected ${size} elements for input '${spec.name}', got ${lists[odd]?.length}`,
    );
  }
  return decode(spec, shape, lists.flat());
}

/** A row's shape: the signature's, with what varies taken from the number of elements where only one dimension does. */
function shapeOf({ name, shape }: TensorSpec, rows: number, elements: number): number[] {
  if (shape.length === 0) return [];
  const row = shape.slice(1);
  const variable = row.filter((size) => size === -1).length;
  const known = row.reduce((product, size) => (size === -1 ? product : product * size), 1);
  if (variable > 1) throw invalid(`input '${name}' has several variable dimensions, which a table cannot carry`);
  return [rows, ...row.map((size) => (size === -1 ? Math.floor(elements / known) : size))];
}

function decode({ name, datatype }: TensorSpec, shape: number[], values: Element[]): Tensor {
  const given = { name, datatype, shape, where: `input '${name}'`, count: values.length };
  return { name, datatype, shape, data: decodeJsonData(given, values, () => values) };
}

/** Spellings of a value that is not there, in CSV. */
const missingWords = new Set(['', 'na', 'nan', 'null', 'none', '?']);
const truths: Readonly<Record<string, boolean>> = { true: true, false: false, yes: true, no: false, 1: true, 0: false };

/** As decodeJsonData takes them: null for NaN, bigint for integers beyond 2^53. */
type Element = string | number | boolean | bigint | null;

/** The element that a cell stands for; undefined if it stands for none of this type. */
function elementOf(cell: Exclude<Cell, readonly Cell[]>, datatype: Datatype): Element | undefined {
  if (datatype === 'BYTES') return cell === null ? '' : String(cell);
  const text = typeof cell === 'string' ? cell.trim() : cell;
  if (datatype === 'BOOL') return truths[String(text).toLowerCase()];
  const isFloat = /^(FP|BF)/.test(datatype);
  if (text === null || missingWords.has(String(text).toLowerCase())) return isFloat ? null : undefined;
  const number = Number(text);
  if (isFloat) return Number.isNaN(number) ? undefined : number;
  if (!Number.isInteger(number)) return undefined;
  return typeof text === 'string' && !Number.isSafeInteger(number) && /^-?\d+$/.test(text) ? BigInt(text) : number;
}

export function truthOf(cell: Cell, where: string, column: string): string {
  if (cell === null || cell === '' || typeof cell === 'object') {
    throw invalid(`${where}: expected the truth in column '${column}', got ${JSON.stringify(cell)}`);
  }
  return String(cell);
}
