// How a model takes plain records: the features by their names, and how many records one request holds.
import { batchOf, recordsTaken } from '../../registry/batch.ts';
import { invalid } from '../../registry/errors.ts';
import { columnNames } from '../../registry/features.ts';
import { isOneValue, type Signature, type TensorSpec } from '../../registry/signature.ts';
import { describeShape, quote } from './describe.ts';

export interface RecordModel {
  readonly signature: Signature;
  /** As the manifest has them; without them the inputs' names are the features. */
  readonly features?: readonly string[] | undefined;
}

/** How one input is filled from each record. */
export interface Column {
  readonly spec: TensorSpec;
  /** The elements of a row by name, or all of them by the input's own; null: the input itself is the feature. */
  readonly features: readonly string[] | null;
  /** Whether a record may leave it out, because the model has a default for it. */
  readonly isOptional: boolean;
}

/** A value that a record gives under one name. */
export interface Feature {
  readonly name: string;
  readonly datatype: TensorSpec['datatype'];
  /** The shape of one record's value: `[]` is a single value, `-1` a dimension of any size. */
  readonly shape: readonly number[];
  readonly isOptional: boolean;
}

/**
 * The columns of a model: its inputs, or the named elements of those that are vectors, `[-1, F]` with F names; then the inputs with
 * a default. One of those whose name is also that of a named element can only be given as a tensor.
 * @see faults in registry/manifest-faults.ts: names that do not fit are not published
 */
export function columnsOf(model: RecordModel): Column[] {
  const required = requiredColumns(model);
  const taken = new Set(required.flatMap(({ spec, features }) => features ?? [spec.name]));
  const optional = (model.signature.optionalInputs ?? []).filter(({ name }) => !taken.has(name));
  return [...required, ...optional.map((spec) => ({ spec, features: null, isOptional: true }))];
}

function requiredColumns({ signature, features }: RecordModel): Column[] {
  const named = columnNames(signature, features);
  return signature.inputs.map((spec) => ({ spec, features: named.get(spec.name) ?? null, isOptional: false }));
}

/** Every feature of a model, in its order. */
export function featuresOf(model: RecordModel): Feature[] {
  const batch = batchOf(model.signature);
  return columnsOf(model).flatMap(({ spec, features, isOptional }): Feature[] => {
    const { name, datatype } = spec;
    if (features) return features.map((each) => ({ name: each, datatype, shape: [], isOptional }));
    const own = batch.inputs.has(name) ? spec.shape.slice(1) : spec.shape;
    return [{ name, datatype, shape: isOneValue(own) ? [] : own, isOptional }];
  });
}

/** Every name that a record must have, in the order of the model. */
export function featureNames(model: RecordModel): string[] {
  return requiredColumns(model).flatMap(({ spec, features }) => features ?? [spec.name]);
}

/**
 * Asked before anything is read or run, so that no answer is cut up among records that it does not belong to.
 * @param elsewhere how else to ask: `tensors`, or TensorFlow Serving's `'inputs'`
 * @throws {PopserveError} INVALID_ARGUMENT where the model does not take so many records, or has an output without a row for each
 */
export function checkRecordCount({ signature }: RecordModel, count: number, elsewhere: string): void {
  if (count === 1 && recordsTaken(signature) === 1) return;
  const batch = batchOf(signature);
  // Whole inputs of any size may hold several records, whose outputs cannot be told apart.
  const isWhole = batch.inputs.size === 0 && signature.inputs.some(({ shape }) => shape[0] === -1);
  if (batch.size !== -1 && batch.size !== count && !isWhole) {
    const takes = batch.size === 1 ? 'one record' : `${batch.size} records`;
    throw invalid(`the model takes ${takes} at a time, got ${count}`);
  }
  for (const { name, shape } of signature.outputs) {
    if (!batch.outputs.has(name)) throw noRowForEach({ name, shape }, count, elsewhere);
  }
}

/** The error for an output that does not say which part of it belongs to which record. */
export function noRowForEach(
  output: { readonly name: string; readonly shape: readonly number[] },
  count: number,
  elsewhere: string,
): Error {
  const shape = `output ${quote(output.name)}: ${describeShape(output.shape)}`;
  if (count === 1) return invalid(`${shape} is not one row for one record; ask with ${elsewhere}`);
  return invalid(`${shape} has no row for each of ${count} records; ask with ${elsewhere}, or send one record`);
}
