// Which axis of a model's tensors counts the records of a request. It is a fact of the version, never of a tensor's size: an output
// may have as many rows as there are records by chance.
import type { Signature, TensorSpec } from './signature.ts';

export interface Batch {
  /** How many records a request has: -1 is any number. */
  readonly size: number;
  /** Names of the inputs and outputs whose axis 0 counts the records. */
  readonly inputs: ReadonlySet<string>;
  readonly outputs: ReadonlySet<string>;
}

interface Sized {
  readonly name: string;
  readonly shape: readonly number[];
}

const known = new WeakMap<Signature, Batch>();

/** The batch that publishing found; for older versions, the one that their signature allows. */
export function batchOf(signature: Signature): Batch {
  const kept = known.get(signature);
  if (kept !== undefined) return kept;
  const { batch } = signature;
  const found = batch
    ? { size: batch.size, inputs: new Set(batch.inputs), outputs: new Set(batch.outputs) }
    : declaredBatch(signature);
  known.set(signature, found);
  return found;
}

/** How many records a request takes: -1 is any number. One, where an output has no row for each of several; 0 for none at all. */
export function recordsTaken(signature: Signature): number {
  const { size, outputs } = batchOf(signature);
  if (signature.outputs.every(({ name }) => outputs.has(name))) return size;
  return size > 1 ? 0 : 1;
}

/** How many records the inputs of a request hold: one, if they do not agree (the model may repeat the shorter one). */
export function recordsIn(inputs: readonly Sized[], batch: Batch): number {
  let rows: number | undefined;
  for (const { name, shape } of inputs) {
    if (!batch.inputs.has(name)) continue;
    rows ??= shape[0];
    if (shape[0] !== rows) return 1;
  }
  return rows ?? 1;
}

/**
 * The view on a tensor, or on its entry in the signature, in which axis 0 counts records: a tensor without such an axis is one row.
 * Versions that do not say which axis counts records were published with baselines whose rows are always axis 0.
 */
export function inRows<T extends Sized>(tensor: T, { batch }: Signature): T {
  if (batch === undefined || batch.inputs.includes(tensor.name) || batch.outputs.includes(tensor.name)) return tensor;
  return { ...tensor, shape: [1, ...tensor.shape] };
}

/**
 * The batch by the signature alone: inputs have records in axis 0 if it is variable in all of them, or has the same size wherever it is
 * fixed, and an output has them where its axis 0 is the same. An output with a variable axis 0 may still be a list of findings, so
 * its size is compared with the number of records before it is cut.
 */
export function declaredBatch({ inputs, outputs }: Pick<Signature, 'inputs' | 'outputs'>): Batch {
  const firsts = new Set(inputs.map(({ shape }) => shape[0] ?? null));
  const hasVariable = firsts.delete(-1);
  const [only = hasVariable ? -1 : 1] = firsts;
  const size = firsts.size > 1 || only === null || only === 0 ? 1 : only;
  const isRow = ({ shape: [first] }: TensorSpec) => first === size || (hasVariable && first === -1);
  return { size, inputs: namesOf(inputs.filter(isRow)), outputs: namesOf(outputs.filter(isRow)) };
}

function namesOf(specs: readonly TensorSpec[]): Set<string> {
  return new Set(specs.map(({ name }) => name));
}
