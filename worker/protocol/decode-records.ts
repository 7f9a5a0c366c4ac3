// Plain records `{feature: value, …}` to a model's inputs, for callers who know features rather than tensors: one record is one
// item of the batch. Also the row format of TensorFlow Serving, whose instances are such records.
import { type Batch, batchOf } from '../../registry/batch.ts';
import { equalBytes } from '../../registry/bytes.ts';
import { invalid } from '../../registry/errors.ts';
import { isPrototypeName, prototypeRefusal } from '../../registry/prototype-names.ts';
import { elementCount, type TensorSpec } from '../../registry/signature.ts';
import type { Admit } from './check-inputs.ts';
import { firstOtherString } from './compare-elements.ts';
import { decodeJsonData, visitRows } from './decode-json-data.ts';
import { describeValue, quote } from './describe.ts';
import { readObject } from './fields.ts';
import { nonFiniteOf } from './non-finite.ts';
import {
  type Column,
  checkRecordCount,
  columnsOf,
  featureNames,
  featuresOf,
  type RecordModel,
} from './record-model.ts';
import type { Tensor } from './tensor.ts';

export interface Records {
  /** At least one, as they were parsed. */
  readonly records: readonly unknown[];
  /** The same records with exact 64-bit integers; called once at most, when an integer beyond 2^53 needs it. */
  readonly exact: () => readonly unknown[];
  /** Refuses an input by its shape, before its elements are read. */
  readonly admit?: Admit | undefined;
  /** How else to ask, for the messages: `tensors` unless said otherwise. */
  readonly elsewhere?: string;
}

/**
 * @returns the inputs in the order of the model, without those that have a default and are not given; other values of a record are
 * not looked at
 * @throws {PopserveError} INVALID_ARGUMENT naming record and feature; a float that is null is NaN, any other must be there
 */
export function decodeRecords(model: RecordModel, { records, exact, admit, elsewhere = 'tensors' }: Records): Tensor[] {
  checkRecordCount(model, records.length, elsewhere);
  let known: readonly unknown[] | undefined;
  const exactOnce = () => {
    known ??= exact();
    return known;
  };
  const batch = batchOf(model.signature);
  const decoder = new ColumnDecoder(model, batch, { records, exact: exactOnce, admit });
  return columnsOf(model).flatMap((column) => decoder.decode(column) ?? []);
}

class ColumnDecoder {
  readonly #model: RecordModel;
  readonly #batch: Batch;
  readonly #records: readonly unknown[];
  readonly #exact: () => readonly unknown[];
  readonly #admit: Admit | undefined;

  constructor(model: RecordModel, batch: Batch, { records, exact, admit }: Records) {
    this.#model = model;
    this.#batch = batch;
    this.#records = records;
    this.#exact = exact;
    this.#admit = admit;
  }

  /** @returns null for an input that has a default and that no record gives */
  decode(column: Column): Tensor | null {
    if (column.isOptional && !this.#isGiven(column.spec.name)) return null;
    return this.#batch.inputs.has(column.spec.name) ? this.#rows(column) : this.#shared(column);
  }

  /** One row of the input for each record. */
  #rows({ spec, features }: Column): Tensor {
    const { name, datatype } = spec;
    const [, ...rest] = spec.shape;
    const valuesOf = this.#reader(name, features);
    const row = rest.includes(-1) ? shapeOfRow(valuesOf(this.#records[0], 0), rest) : rest;
    const shape = [this.#records.length, ...row];
    this.#admit?.({ name, datatype, shape });
    const where = features ? `features of ${quote(name)}` : `feature ${quote(name)}`;
    const perRecord = elementCount(row);
    const gather = (records: readonly unknown[]): unknown[] => {
      const data: unknown[] = [];
      records.map(valuesOf).forEach((value, index) => {
        const target = { where: `instances[${index}]: ${where}`, datatype, shape: row, count: perRecord };
        visitRows(target, rowOf(value, row), (run) => {
          for (const element of run) data.push(element);
        });
      });
      return data;
    };
    const data = gather(this.#records);
    const target = { where, datatype, shape, count: data.length };
    return { name, datatype, shape, data: decodeJsonData(target, data, () => gather(this.#exact())) };
  }

  /** The whole input from one record. It is the same for all records of a request, so all of them have to say the same. */
  #shared(column: Column): Tensor {
    const [first, ...others] = this.#records.map((_, index) => this.#whole(column, index));
    if (first === undefined) throw invalid("'instances' is empty, expected at least one record");
    others.forEach((other, index) => {
      if (sameTensor(first, other)) return;
      throw invalid(
        `instances[${index + 1}]: ${quote(first.name)} differs from instances[0]; it is one value for the whole request`,
      );
    });
    return first;
  }

  #whole({ spec, features }: Column, index: number): Tensor {
    const { name, datatype } = spec;
    const read = this.#reader(name, features);
    const where = `instances[${index}]: feature ${quote(name)}`;
    const given = read(this.#records[index], index);
    const shape = spec.shape.includes(-1) ? shapeOfWhole(given, spec.shape) : spec.shape;
    this.#admit?.({ name, datatype, shape });
    const value = nested(given, spec.shape);
    const exact = () => nested(read(this.#exact()[index], index), spec.shape);
    const target = { where, datatype, shape, count: elementCount(shape) };
    return { name, datatype, shape, data: decodeJsonData(target, value, exact) };
  }

  #reader(name: string, features: readonly string[] | null): (record: unknown, index: number) => unknown {
    if (features === null) return (record, index) => this.#fieldOf(record, index, name);
    return (record, index) => {
      if (isGivenWhole(readObject(record, `instances[${index}]`), name, features)) {
        return this.#fieldOf(record, index, name);
      }
      return features.map((feature) => this.#fieldOf(record, index, feature));
    };
  }

  #isGiven(name: string): boolean {
    const given = this.#records.map((record, index) => hasField(readObject(record, `instances[${index}]`), name));
    const without = given.indexOf(false);
    if (without === -1 || !given.includes(true)) return without === -1;
    throw invalid(
      `instances[${without}]: ${quote(name)} is missing, but instances[${given.indexOf(true)}] has it: give it in every record of a request, or in none`,
    );
  }

  #fieldOf(record: unknown, index: number, feature: string): unknown {
    const fields = readObject(record, `instances[${index}]`);
    if (hasField(fields, feature)) return fields[feature];
    const names = featureNames(this.#model);
    const shown = names.slice(0, 16).map(quote).join(', ') + (names.length > 16 ? `, … ${names.length} in all` : '');
    throw invalid(`instances[${index}]: feature ${quote(feature)} is missing; the model takes ${shown}`);
  }
}

/** A vector whose columns have names may come as a list under its own, as for a version without these names. */
function isGivenWhole(record: Readonly<Record<string, unknown>>, name: string, features: readonly string[]): boolean {
  return hasField(record, name) && !features.some((feature) => hasField(record, feature));
}

function hasField(fields: Readonly<Record<string, unknown>>, name: string): boolean {
  return Object.hasOwn(fields, name) && fields[name] !== undefined;
}

function sameTensor(left: Tensor, right: Tensor): boolean {
  if (left.shape.join() !== right.shape.join()) return false;
  const [one, two] = [left.data, right.data];
  if (one instanceof Uint8Array && two instanceof Uint8Array) return equalBytes(one, two);
  return firstOtherString(one as readonly Uint8Array[], two as readonly Uint8Array[]) === -1;
}

/** A record's value as an array: a scalar alone, or a row with or without its dimension of records. */
function rowOf(value: unknown, row: readonly number[]): unknown {
  if (!Array.isArray(value)) return [value];
  return value.length === 1 && shapeOf(value).length === row.length + 1 ? rowOf(value[0], row) : value;
}

/** The shape of a row whose dimensions the signature leaves open. @param rest the row's dimensions in the signature */
function shapeOfRow(value: unknown, rest: readonly number[]): number[] {
  const given = shapeOf(value);
  if (given.length === 0) return rest.map(() => 1);
  const [first, ...inner] = given;
  return completedShape(first === 1 && inner.length === rest.length ? inner : given, rest);
}

/** The shape of a whole input that is not cut into records; a value of one dimension less is its only row. */
function shapeOfWhole(value: unknown, declared: readonly number[]): number[] {
  if (!Array.isArray(value)) return declared.map(() => 1);
  return completedShape(shapeOf(nested(value, declared)), declared);
}

function nested(value: unknown, declared: readonly number[]): unknown {
  const [first] = declared;
  if (!Array.isArray(value)) return declared.length === 0 ? value : [value];
  const isRow = declared.length > 1 && (first === 1 || first === -1);
  return isRow && shapeOf(value).length === declared.length - 1 ? [value] : value;
}

/** The shape of nested arrays by their first elements; `[]` for what is no array. */
export function shapeOf(value: unknown): number[] {
  const shape: number[] = [];
  for (let inner = value; Array.isArray(inner); inner = inner[0]) shape.push(inner.length);
  return shape;
}

/** Nested arrays end at the first empty one: the dimensions behind it are the signature's, and 0 where that leaves them open. */
export function completedShape(shape: readonly number[], declared: readonly number[]): number[] {
  if (shape.at(-1) !== 0) return [...shape];
  return [...shape, ...declared.slice(shape.length).map((size) => Math.max(size, 0))];
}

/**
 * A record from a query: numbers, booleans and strings as the features' datatypes have them, lists separated by commas.
 * @throws {PopserveError} INVALID_ARGUMENT naming the feature whose text is no such value
 */
export function recordOfQuery(model: RecordModel, query: URLSearchParams): Record<string, unknown> {
  const record: Record<string, unknown> = Object.create(null);
  for (const name of query.keys()) if (isPrototypeName(name)) throw invalid(`the query: '${name}' ${prototypeRefusal}`);
  const vectors = columnsOf(model).flatMap(({ spec: { name, datatype }, features }) => {
    const isWhole = features !== null && query.has(name) && !features.some((feature) => query.has(feature));
    return isWhole ? [{ name, datatype, shape: [-1] }] : [];
  });
  for (const { name, datatype, shape } of [...featuresOf(model), ...vectors]) {
    const text = query.get(name);
    if (text === null) continue;
    const where = `feature ${quote(name)}`;
    if (datatype === 'BYTES') record[name] = text;
    else if (shape.length === 0) record[name] = valueOfText(text, datatype, where);
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
  } else if (word === 'null') {
    return null;
  } else {
    const token = nonFiniteOf(word);
    if (token !== null) return token;
  }
  throw invalid(`${where}: expected ${datatype}, got ${describeValue(text)}`);
}
