// Has the model been tried on inputs without elements as these are? Some kernels abort the runtime on them, under every model.
import { invalid } from '../../registry/errors.ts';
import type { Signature } from '../../registry/signature.ts';
import { areTried, type ZeroSizes, zeroPlaces } from '../../registry/zero-sizes.ts';
import { quote } from './describe.ts';
import type { TensorHead } from './tensor.ts';

/**
 * @param inputs of the ranks that the signature says
 * @param tried what publishing has run; undefined if it has tried nothing
 * @throws {PopserveError} INVALID_ARGUMENT naming the dimensions that are zero
 */
export function checkZeroSizes(
  inputs: readonly TensorHead[],
  signature: Signature,
  tried: ZeroSizes | undefined,
): void {
  if (!inputs.some(({ shape }) => shape.includes(0))) return;
  const places = zeroPlaces(signature, inputs);
  if (areTried(places, tried)) return;
  const named = places.map(({ input, axis }) => `axis ${axis} of input ${quote(input)}`).join(', ');
  throw invalid(
    `${named}: size 0 was not tried with this version when it was published, so it is not run; send at least one element`,
  );
}
