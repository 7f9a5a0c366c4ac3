// Reads the fields that requests and responses share. Only fixed keys are ever read from a parsed object; names that come
// from outside go into null-prototype records and sets. json.ts refuses members that are called like a prototype's.
import { invalid, PopserveError } from '../../registry/errors.ts';
import { type Datatype, datatypes } from '../../registry/signature.ts';
import { cut, describeShape, describeValue, quote } from './describe.ts';
import type { DecodeLimits, Parameters } from './infer-request.ts';

/** Most parameters of a request, an input or an output; no client sends a dozen. */
const mostParameters = 1024;

export interface JsonObject {
  readonly [key: string]: unknown;
}

export function readObject(value: unknown, where: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw invalid(`${where}: expected an object, got ${describeValue(value)}`);
}

/** Clients that print every field send `null` for one they leave out. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

export function readString(value: unknown, where: string): string {
  if (typeof value !== 'string') throw invalid(`${where}: expected a string, got ${describeValue(value)}`);
  return value;
}

export function readArray(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(`${where}: expected an array, got ${describeValue(value)}`);
  return value;
}

export function readBoolean(value: unknown, where: string): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalid(`${where}: expected true or false, got ${describeValue(value)}`);
}

/**
 * `$parameters` of the Open Inference Protocol; empty if absent. A value is checked by whoever reads it: parameters that mean something
 * to other servers alone are not refused for their kind.
 */
export function readParameters(value: unknown, where: string): Parameters {
  const parameters: Record<string, unknown> = Object.create(null);
  if (isAbsent(value)) return parameters;
  const entries = Object.entries(readObject(value, where));
  if (entries.length > mostParameters) {
    throw invalid(`${where}: ${entries.length} parameters, at most ${mostParameters} are read`);
  }
  for (const [key, parameter] of entries) if (parameter !== null) parameters[key] = parameter;
  return parameters;
}

export function refuseSharedMemory(parameters: Parameters, where: string): void {
  const key = Object.keys(parameters).find((name) => name.startsWith('shared_memory_'));
  if (key === undefined) return;
  throw invalid(`${where}: shared memory (${quote(key)}) is not supported, send 'data' or 'binary_data_size'`);
}

export function readDatatype(value: unknown, where: string): Datatype {
  const datatype = datatypes.find((known) => known === value);
  if (datatype !== undefined) return datatype;
  throw invalid(`${where}: datatype is ${describeValue(value)}, expected one of ${datatypes.join(' ')}`);
}

/** @param sourceOf how a dimension was written; asked for where parsing has rounded it */
export function readShape(value: unknown, where: string, sourceOf?: (index: number) => string | null): number[] {
  if (!Array.isArray(value)) throw invalid(`${where}: shape is ${describeValue(value)}, expected an array of integers`);
  return value.map((dimension: unknown, index) => {
    // Plus zero turns the -0 that JSON can carry into 0.
    if (typeof dimension === 'number' && Number.isSafeInteger(dimension) && dimension >= 0) return dimension + 0;
    const source = typeof dimension === 'number' && Math.abs(dimension) >= 2 ** 53 ? sourceOf?.(index) : null;
    const came = source == null ? describeValue(dimension) : cut(source);
    const expected = source == null ? 'an integer of 0 or more' : 'an integer from 0 to 2^53 - 1';
    throw invalid(`${where}: shape[${index}] is ${came}, expected ${expected}`);
  });
}

/**
 * Number of elements of a shape from outside.
 * @throws PopserveError INVALID_ARGUMENT if the dimensions multiply beyond 2^53, even beside a zero: strides would overflow
 */
export function countElements(shape: readonly number[], where: string): number {
  let product = 1;
  let empty = false;
  for (const dimension of shape) {
    if (dimension === 0) empty = true;
    else product *= dimension;
    if (product > Number.MAX_SAFE_INTEGER) {
      throw invalid(`${where}: shape ${describeShape(shape)} has more elements than can be counted`);
    }
  }
  return empty ? 0 : product;
}

/** @throws {PopserveError} TOO_LARGE beyond what the JSON of a request may have */
export function checkJsonBytes(bytes: number, { maxJsonBytes }: DecodeLimits): void {
  if (bytes <= maxJsonBytes) return;
  throw new PopserveError(
    'TOO_LARGE',
    `the JSON has ${bytes} bytes, the limit is ${maxJsonBytes}: send large tensors in the binary form`,
  );
}

/** @throws {PopserveError} INVALID_ARGUMENT if there are none, TOO_LARGE beyond the limit */
export function readRecords(value: unknown, { maxRecords }: DecodeLimits): readonly unknown[] {
  const records = readArray(value, "'instances'");
  if (records.length === 0) throw invalid("'instances' is empty, expected at least one record");
  if (records.length <= maxRecords) return records;
  throw new PopserveError(
    'TOO_LARGE',
    `'instances' has ${records.length} records, the limit is ${maxRecords}: send them in several requests, or as tensors`,
  );
}
