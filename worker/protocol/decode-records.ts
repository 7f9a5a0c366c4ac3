// Plain records `{feature: value, …}` to a model's inputs, for callers who know features rather than tensors: one record is one
// item of the batch. Also the row format of TensorFlow Serving, whose instances are such records.
import { invalid } from '../../registry/errors.ts';
import { elementCount, type Signature, type TensorSpec } from '../../registry/signature.ts';
import type { Admit } from './check-inputs.ts';
import { decodeJsonData, visitRows } from './decode-json-data.ts';
import { describeValue, quote } from './describe.ts';
import { readObject } from './fields.ts';
import type { Tensor } from './tensor.ts';

export interface RecordModel {
  readonly signature: Signature;
  /** Names of the columns of the only input, or of the inputs themselves; without them the inputs' names are the features. */
  readonly features?: readonly string[] | undefined;
}

/** How one input is filled from each record. */
interface Column {
  readonly spec: TensorSpec;
  /** The elements of a row by name; null: the input itself is the feature. */
  readonly features: readonly string[] | null;
}

/**
 * The columns of a model: its inputs, or the named elements of its only input, `[-1, F]` with F names.
 * @see faults in registry/manifest-faults.ts: names that fit neither are not published
 */
export function columnsOf({ signature, features }: RecordModel): Column[] {
  const [only, ...others] = signature.inputs;
  if (features && only && others.length === 0 && !(features.length === 1 && features[0] === only.name)) {
    return [{ spec: only, features }];
  }
  return signature.inputs.map((spec) => ({ spec, features: null }));
}

/** Every name that a record must have, in the order of the model. */
export function featureNames(model: RecordModel): string[] {
  return columnsOf(model).flatMap(({ spec, features }) => features ?? [spec.name]);
}

/** The datatype of each feature, and how many values one record gives. */
export function featureKinds(model: RecordModel): { name: string; datatype: TensorSpec['datatype']; values: number }[] {
  return columnsOf(model).flatMap(({ spec, features }) => {
    const { datatype } = spec;
    if (features) return features.map((name) => ({ name, datatype, values: 1 }));
    const rest = spec.shape.slice(1);
    return [{ name: spec.name, datatype, values: rest.includes(-1) ? -1 : elementCount(rest) }];
  });
}

/**
 * @param records at least one, as they were parsed
 * @param exactRecords the same records with exact 64-bit integers; called once at most, when an integer beyond 2^53 needs it
 * @returns the inputs in the order of the model; what a record has beyond its features is not looked at
 * @param admit refuses an input by its shape, before its elements are read
 * @throws {PopserveError} INVALID_ARGUMENT naming record and feature; a float that is null is NaN, any other must be there
 */
export function decodeRecords(
  model: RecordModel,
  records: readonly unknown[],
  exactRecords: () => readonly unknown[],
  admit?: Admit,
): Tensor[] {
  let exact: readonly unknown[] | undefined;
  const exactOnce = () => {
    exact ??= exactRecords();
    return exact;
  };
  return columnsOf(model).map((column) => decodeColumn(model, column, records, exactOnce, admit));
}

function decodeColumn(
  model: RecordModel,
  { spec, features }: Column,
  records: readonly unknown[],
  exactRecords: () => readonly unknown[],
  admit: Admit | undefined,
): Tensor {
  const { name, datatype } = spec;
  const count = records.length;
  const [batch, ...rest] = spec.shape;
  if (batch !== undefined && batch !== -1 && batch !== count) {
    throw invalid(`the model takes ${batch} record${batch === 1 ? '' : 's'} at a time, got ${count}`);
  }
  if (batch === undefined && count !== 1) throw invalid(`the model takes one record at a time, got ${count}`);
  const valuesOf = (record: unknown, index: number): unknown =>
    features ? features.map((feature) => fieldOf(model, record, index, feature)) : fieldOf(model, record, index, name);
  const where = features ? `features of ${quote(name)}` : `feature ${quote(name)}`;
  const row = rest.includes(-1) ? shapeOf(valuesOf(records[0], 0)) : rest;
  const shape = batch === undefined ? [] : [count, ...row];
  admit?.({ name, datatype, shape });
  const perRecord = elementCount(row);
  const gather = (from: readonly unknown[]): unknown[] => {
    const values = from.map(valuesOf);
    const data: unknown[] = [];
    values.forEach((value, index) => {
      const target = { where: `instances[${index}]: ${where}`, datatype, shape: row, count: perRecord };
      visitRows(target, rowOf(value, row), (run) => {
        for (const element of run) data.push(element);
      });
    });
    return data;
  };
  const data = gather(records);
  const target = { where, datatype, shape, count: data.length };
  return { name, datatype, shape, data: decodeJsonData(target, data, () => gather(exactRecords())) };
}

function fieldOf(model: RecordModel, record: unknown, index: number, feature: string): unknown {
  const fields = readObject(record, `instances[${index}]`);
  if (Object.hasOwn(fields, feature) && fields[feature] !== undefined) return fields[feature];
  const names = featureNames(model);
  const shown = names.slice(0, 16).map(quote).join(', ') + (names.length > 16 ? `, … ${names.length} in all` : '');
  throw invalid(`instances[${index}]: feature ${quote(feature)} is missing; the model takes ${shown}`);
}

/** A record's value for an input as an array: a scalar alone, or a row with or without its dimension of records. */
function rowOf(value: unknown, row: readonly number[]): unknown {
  if (!Array.isArray(value)) return [value];
  return value.length === 1 && shapeOf(value).length === row.length + 1 ? rowOf(value[0], row) : value;
}

/** The shape of nested arrays by their first elements; `[]` for what is no array. */
export function shapeOf(value: unknown): number[] {
  const shape: number[] = [];
  for (let inner = value; Array.isArray(inner); inner = inner[0]) shape.push(inner.length);
  return shape;
}

/**
 * A record from a query: numbers, booleans and strings as the features' datatypes have them, lists separated by commas.
 * @throws PopserveError INVALID_ARGUMENT naming the feature whose text is no such value
 */
export function recordOfQuery(model: RecordModel, query: URLSearchParams): Record<string, unknown> {
  const record: Record<string, unknown> = Object.create(null);
  for (const { name, datatype, values } of featureKinds(model)) {
    const text = query.get(name);
    if (text === null) continue;
    const where = `feature ${quote(name)}`;
    if (datatype === 'BYTES') record[name] = text;
    else if (values === 1) record[name] = valueOfText(text, datatype, where);
    else record[name] = text.split(',').map((part) => valueOfText(part, datatype, where));
  }
  return record;
}

function valueOfText(text: string, datatype: TensorSpec['datatype'], where: string): unknown {
  const word = text.trim();
  if (datatype === 'BOOL') {
    if (word === 'true' || word === '1') return true;
    if (word === 'false' || word === '0') return false;
  } else if (/^-?\d{1,20}$/.test(word)) {
    const number = Number(word);
    return Number.isSafeInteger(number) || !datatype.includes('INT') ? number : BigInt(word);
  } else if (/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(word)) {
    return Number(word);
  } else if (word.toLowerCase() === 'nan' || word === 'null') {
    return null;
  }
  throw invalid(`${where}: expected ${datatype}, got ${describeValue(text)}`);
}
