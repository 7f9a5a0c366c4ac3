// Which columns of a table go into which input, and how their cells become its elements. Every cell is read before anything runs.
import { invalid, type PopserveError } from '../../../registry/errors.ts';
import { rowElements } from '../../../registry/feature.ts';
import { namedColumnCount } from '../../../registry/features.ts';
import { elementCount, type Signature, type TensorSpec } from '../../../registry/signature.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import { featuresAdvice, namedColumns } from '../../publish/name-columns.ts';
import type { DataOptions, TestData } from '../test-data.ts';
import { sameName } from './column-names.ts';
import { findDecimalSign, type NumberCell } from './decimal-sign.ts';
import { guessedLabel, namedLabel, usualLabelsOf } from './label-column.ts';
import { packElements } from './pack-elements.ts';
import { CellFault, type CellRules, type Element, isMissingWord, readCell, truthValueOf } from './read-cell.ts';
import type { Table } from './read-table.ts';
import type { Cell } from './records.ts';
import { isNumeric, truthOf } from './truth.ts';

interface Binding {
  readonly spec: TensorSpec;
  /** One column per element of a row, or one that holds them all as a list. */
  readonly columns: readonly string[];
  /** Names of the elements, where they have any but their places. */
  readonly names: readonly string[] | null;
}

/** The columns of an input, and the names of its elements. */
type Columns = Omit<Binding, 'spec'>;

interface Bound {
  readonly bindings: readonly Binding[];
  readonly label: string | undefined;
  readonly notes: readonly string[];
}

/** @throws {PopserveError} INVALID_ARGUMENT naming the input that has no column, or the cell that does not fit */
export function bindColumns(table: Table, signature: Signature, options: DataOptions, needsTruth = true): TestData {
  const { bindings, label, notes } = assignColumns(table, signature, options, needsTruth);
  const sign = decimalSign(table, bindings, label, options);
  const rules: CellRules = { decimal: sign.decimal, missing: new Set(options.reading?.missing) };
  const read = bindings.map((binding) => ({ ...binding, lists: readLists(binding, table, rules) }));
  const names = bindings.flatMap(({ spec, names: own }) => (own === null ? [] : [[spec.name, own] as const]));
  const { reference } = table;
  return {
    reference: rules.decimal === '.' ? reference : { ...reference, reading: { ...reference.reading, decimal: ',' } },
    label: label ?? '',
    truth: label === undefined || !needsTruth ? [] : truthOf(table, label, rules),
    inputs: (from, to) =>
      read.map(({ spec, lists }) => tensorOf(spec, lists.slice(from, to), (row) => table.where(from + row))),
    names: new Map(names),
    notes: [...table.notes, ...notes, ...sign.notes, ...cellNotes(table, bindings, rules)],
  };
}

/**
 * Whether a file has a column for each input and the truth, by its header alone.
 * @throws {PopserveError} INVALID_ARGUMENT as {@link bindColumns} does
 */
export function checkColumns(
  { columns, file }: { readonly columns: readonly string[]; readonly file: string },
  signature: Signature,
  options: DataOptions,
  needsTruth: boolean,
): void {
  assignColumns({ columns, reference: { file } }, signature, options, needsTruth);
}

/** An input's own column first: a column that it is called like is never taken for the truth. */
function assignColumns(
  table: { readonly columns: readonly string[]; readonly reference: { readonly file: string } },
  { inputs }: Signature,
  options: DataOptions,
  needsTruth: boolean,
): Bound {
  const { columns, reference } = table;
  const notes: string[] = [];
  const named =
    options.label === undefined || !(needsTruth || sameName(columns, options.label) !== undefined)
      ? undefined
      : namedLabel(columns, options.label, reference.file);
  const features = columns.filter((column) => column !== named);
  const given = namedColumns(options.features ?? [], inputs);
  const byName = inputs.map((spec) => columnsByName(spec, features, options, given.get(spec.name)));
  requireOwnColumns(inputs, byName, options, reference.file);
  const taken = new Set(byName.flatMap((own) => own?.columns ?? []));
  const [only] = inputs;
  const isWhole = inputs.length === 1 && byName[0] === undefined;
  let label = named;
  if (label === undefined && needsTruth) {
    label = guessedLabel(columns, taken, reference.file);
    notes.push(`${reference.file}: the truth is in column '${label}' (--label names another)`);
  }
  const bindings = inputs.map((spec, index): Binding => {
    const own = byName[index];
    if (own !== undefined) return { spec, ...own };
    const alike = columnsAlike(features, options.known?.get(spec.name));
    if (alike !== undefined) return { spec, columns: alike, names: alike };
    const rest = isWhole ? inOrder(spec, features, label) : undefined;
    if (rest === undefined) throw withoutColumn(spec, inputs, features, { label, taken });
    notes.push(`the columns of ${reference.file} go into input '${only?.name}' in their order: ${rest.join(', ')}`);
    return { spec, columns: rest, names: rest };
  });
  return { bindings, label, notes };
}

/**
 * @param given names of the input's columns, as --features has them
 * @returns undefined where no column is called like the input, and none is named for it
 */
function columnsByName(
  spec: TensorSpec,
  columns: readonly string[],
  options: DataOptions,
  given: readonly string[] | undefined,
): Columns | undefined {
  const names = given ?? null;
  const elements = rowElements(spec);
  const isVector = elements !== null && elements > 1;
  const mapped = options.columns?.[spec.name];
  const named = mapped === undefined ? columnsAlike(columns, given) : undefined;
  if (named !== undefined) return { columns: named, names };
  const own = sameName(columns, mapped ?? spec.name);
  if (own !== undefined) return { columns: [own], names };
  if (mapped !== undefined) {
    if (isVector && mapped.includes(',')) {
      const listed = requireColumns(spec, columns, mapped.split(','), elements);
      return { columns: listed, names: names ?? listed };
    }
    throw invalid(`input '${spec.name}': no column '${mapped}' (--column): the file has ${columns.join(', ')}`);
  }
  if (isVector) {
    const numbered = Array.from({ length: elements }, (_, index) => sameName(columns, `${spec.name}[${index}]`));
    if (numbered.every((column) => column !== undefined)) return { columns: numbered, names };
  }
  return given === undefined ? undefined : { columns: requireColumns(spec, columns, given, elements), names };
}

/** The columns that are called so; undefined where not every name has one. */
function columnsAlike(columns: readonly string[], names: readonly string[] | undefined): readonly string[] | undefined {
  const found = names?.map((name) => sameName(columns, name));
  return found?.every((column) => column !== undefined) ? found : undefined;
}

function requireColumns(
  spec: TensorSpec,
  columns: readonly string[],
  wanted: readonly string[],
  elements: number | null,
): readonly string[] {
  if (elements !== null && wanted.length !== elements) {
    throw invalid(`input '${spec.name}': expected ${elements} features, got ${wanted.length}: ${wanted.join(', ')}`);
  }
  return wanted.map((name) => {
    const found = sameName(columns, name.trim());
    if (found === undefined) throw invalid(`the test data has no column '${name}'; it has ${columns.join(', ')}`);
    return found;
  });
}

/** Two inputs whose names differ in case, say, may both be like one column; only one of them can mean it. */
function requireOwnColumns(
  inputs: readonly TensorSpec[],
  byName: readonly (Columns | undefined)[],
  options: DataOptions,
  file: string,
): void {
  const owners = new Map<string, string>();
  for (const [index, { name }] of inputs.entries()) {
    if (Object.hasOwn(options.columns ?? {}, name)) continue;
    for (const column of byName[index]?.columns ?? []) {
      const owner = owners.get(column);
      if (owner !== undefined && owner !== name) {
        throw invalid(
          `${file}: inputs '${owner}' and '${name}' may both mean column '${column}'; say which with --column ${name}=COLUMN`,
        );
      }
      owners.set(column, name);
    }
  }
}

/** All columns but the truth, where there are as many as elements. Without a truth that is named, all may be meant. */
function inOrder(spec: TensorSpec, columns: readonly string[], label: string | undefined): string[] | undefined {
  const elements = rowElements(spec);
  if (elements === null || elements < 2) return undefined;
  const rest = columns.filter((column) => column !== label);
  if (rest.length === elements) return rest;
  const usual = label === undefined ? new Set(usualLabelsOf(rest)) : new Set<string>();
  const others = rest.filter((column) => !usual.has(column));
  return others.length === elements ? others : undefined;
}

function withoutColumn(
  spec: TensorSpec,
  inputs: readonly TensorSpec[],
  columns: readonly string[],
  others: { readonly label: string | undefined; readonly taken: ReadonlySet<string> },
): PopserveError {
  const elements = rowElements(spec);
  const isVector = elements !== null && elements > 1;
  const vector = isVector ? `, or the ${elements} columns of its elements as ${vectorAdvice(spec, inputs)}` : '';
  const left = columns.filter((column) => column !== others.label && !others.taken.has(column));
  const likely = isVector && left.length === elements ? ` (${left.join(', ')} are left)` : '';
  return invalid(
    `input '${spec.name}': the test data has no column of that name; give it as --column ${spec.name}=COLUMN${vector}. Columns: ${columns.join(', ')}${likely}`,
  );
}

/** Only columns of a vector can be named: of an input with more axes the data's columns are listed. */
function vectorAdvice(spec: TensorSpec, inputs: readonly TensorSpec[]): string {
  return namedColumnCount(spec) === null ? `--column ${spec.name}=A,B,…` : featuresAdvice(inputs);
}

function decimalSign(table: Table, bindings: readonly Binding[], label: string | undefined, { reading }: DataOptions) {
  if (reading?.decimal !== undefined) return { decimal: reading.decimal, notes: [] };
  const numeric = bindings.filter(({ spec }) => spec.datatype !== 'BYTES').flatMap(({ columns }) => columns);
  if (label !== undefined && isNumeric(table, label)) numeric.push(label);
  return findDecimalSign(table.reference.file, table.separator, cellsOf(table, numeric));
}

function* cellsOf(table: Table, columns: readonly string[]): Generator<NumberCell> {
  const places = columns.map((column) => ({ column, at: table.columns.indexOf(column) }));
  for (const [row, cells] of table.rows.entries()) {
    for (const { column, at } of places) {
      yield { cell: cells[at], where: () => `${table.where(row)}, column '${column}'` };
    }
  }
}

/** The elements of each row. */
function readLists({ spec, columns }: Binding, table: Table, rules: CellRules): Element[][] {
  const places = columns.map((column) => table.columns.indexOf(column));
  const size = rowElements(spec);
  return table.rows.map((row, index) => {
    const list: Element[] = [];
    for (const [position, place] of places.entries()) {
      const where = () => `${table.where(index)}, column '${columns[position]}'`;
      const cell = row[place];
      if (cell === undefined) throw invalid(`${where()}: the row has no such key; a missing value is written null`);
      for (const single of Array.isArray(cell) ? (cell.flat(8) as Cell[]) : [cell]) {
        const element = readCell(single, spec.datatype, rules);
        if (!(element instanceof CellFault)) list.push(element);
        else {
          const expected = `expected ${spec.datatype} for input '${spec.name}'`;
          throw invalid(`${where()}: ${expected}, got ${JSON.stringify(single)}${element.advice}`);
        }
      }
    }
    if (size !== null && list.length !== size) throw otherLength(table.where(index), size, spec, list.length);
    return list;
  });
}

function tensorOf(spec: TensorSpec, lists: readonly Element[][], where: (row: number) => string): Tensor {
  const { name, datatype } = spec;
  const shape = shapeOf(spec, lists.length, lists[0]?.length ?? 0);
  const size = elementCount(shape.slice(1));
  const odd = lists.findIndex((list) => list.length !== size);
  if (odd !== -1) throw otherLength(where(odd), size, spec, lists[odd]?.length ?? 0);
  return { name, datatype, shape, data: packElements(datatype, lists.flat()) };
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

/** Remarks for a reader of the figures on how cells were read. */
function cellNotes(table: Table, bindings: readonly Binding[], { missing }: CellRules): string[] {
  return bindings.flatMap(({ spec: { datatype }, columns }) =>
    columns.flatMap((column) => {
      const at = table.columns.indexOf(column);
      const cells = table.rows.map((row) => row[at]);
      if (datatype === 'BYTES') return missing.size > 0 ? [] : wordNotes(table, column, cells);
      const isTruth = (cell: Cell | undefined) => cell !== undefined && truthValueOf(cell) !== undefined;
      if (datatype === 'BOOL' || !cells.some(isTruth)) return [];
      return [`${table.reference.file}: true and false in column '${column}' are read as 1 and 0`];
    }),
  );
}

/** NA may be Namibia. */
function wordNotes(table: Table, column: string, cells: readonly (Cell | undefined)[]): string[] {
  const isWord = (cell: Cell | undefined) => typeof cell === 'string' && cell.trim() !== '' && isMissingWord(cell);
  const words = [...new Set(cells.filter(isWord).map((cell) => String(cell).trim()))];
  if (words.length === 0) return [];
  return [
    `${table.reference.file}: ${words.join(', ')} in column '${column}' are texts like any other; --missing ${words.join(',')} makes them missing`,
  ];
}

function otherLength(where: string, size: number, { name }: TensorSpec, got: number): PopserveError {
  return invalid(`${where}: expected ${size} elements for input '${name}', got ${got}`);
}
