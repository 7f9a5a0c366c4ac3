// How many rows a request of a version may hold, for clients that ask for a batch size before they ask for anything else.
import { batchOf } from '../../registry/batch.ts';
import { smallest } from '../../registry/extremes.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { elementBytes, inputsTaken, type TensorSpec } from '../../registry/signature.ts';
import { stringPrice } from '../protocol/decode-tensors.ts';

/** A batch size is an int32 in Triton's configuration. */
const mostRows = 2 ** 31 - 1;

/** What a request may bring in all its inputs together. */
export interface RequestLimits {
  /** A string counts as several. */
  readonly maxElements: number;
  readonly maxBodyBytes: number;
}

/** Each string follows its length in the binary form. */
const leastStringBytes = 4;

/**
 * @returns the rows that the limits of the version and of a request allow, where the other variable dimensions are 1; 0 where an input or
 *   an output has no variable leading dimension that counts rows
 */
export function largestBatch(
  { signature, limits = [] }: Pick<Manifest, 'signature' | 'limits'>,
  { maxElements, maxBodyBytes }: RequestLimits,
): number {
  const { size, inputs, outputs } = batchOf(signature);
  const isBatched = (spec: TensorSpec, names: ReadonlySet<string>) => names.has(spec.name) && spec.shape[0] === -1;
  const all =
    size === -1 &&
    signature.inputs.length > 0 &&
    signature.inputs.every((spec) => isBatched(spec, inputs)) &&
    signature.outputs.every((spec) => isBatched(spec, outputs));
  if (!all) return 0;
  const sumOf = (price: (spec: TensorSpec) => number) =>
    signature.inputs.reduce((sum, spec) => sum + leastOfRow(spec) * price(spec), 0);
  const elementsOfRow = sumOf(({ datatype }) => (datatype === 'BYTES' ? stringPrice : 1));
  const bytesOfRow = sumOf(({ datatype }) => (datatype === 'BYTES' ? leastStringBytes : elementBytes[datatype]));
  const rows = [mostRows, share(maxElements, elementsOfRow), share(maxBodyBytes, bytesOfRow)];
  for (const { name, shape, elements } of limits) {
    const spec = inputsTaken(signature).find((input) => input.name === name);
    if (spec === undefined || !isBatched(spec, inputs)) continue;
    rows.push(shape[0] ?? mostRows, share(elements, leastOfRow(spec)));
  }
  return smallest(rows);
}

function share(whole: number, ofRow: number): number {
  return ofRow === 0 ? mostRows : Math.floor(whole / ofRow);
}

/** Elements of a row where every variable dimension is 1. */
function leastOfRow({ shape }: TensorSpec): number {
  return shape.slice(1).reduce((count, dimension) => count * (dimension === -1 ? 1 : dimension), 1);
}
