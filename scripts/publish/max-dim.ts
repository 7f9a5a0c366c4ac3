// The sizes that a publisher allows for variable dimensions: from what was written on the command line to the model's own dimensions.
import { PopserveError } from '../../registry/errors.ts';
import type { MaxDim } from './options.ts';
import type { SizePlan, VariableDimension } from './sample-sizes.ts';
import type { Sample } from './samples.ts';

/**
 * A name is that of a symbolic dimension or of a place, `input:axis`; what is named goes before what is said of all.
 * @returns the greatest size by the dimension's key, for those that something was said of
 * @throws PopserveError INVALID_ARGUMENT for a name that the model does not have, with those that it has
 */
export function resolveMaxDims(given: readonly MaxDim[], dimensions: readonly VariableDimension[]): SizePlan {
  const most = new Map<string, number>();
  for (const { name, size } of given) {
    if (name === null) for (const { key } of dimensions) most.set(key, size);
  }
  for (const { name, size } of given) {
    if (name === null) continue;
    const named = dimensions.filter(
      ({ label, places }) => label === name || places.some(({ input, axis }) => `${input}:${axis}` === name),
    );
    if (named.length === 0) {
      const known = dimensions.map(({ label }) => `'${label}'`).join(', ') || 'none';
      throw new PopserveError('INVALID_ARGUMENT', `--max-dim ${name}: the model's variable dimensions are ${known}`);
    }
    for (const { key } of named) most.set(key, size);
  }
  return most;
}

/**
 * Sample inputs that the publisher gave have to be within what is allowed.
 * @throws PopserveError INVALID_ARGUMENT naming the first that is not
 */
export function checkSamples(
  file: string,
  samples: readonly Sample[],
  dimensions: readonly VariableDimension[],
  most: SizePlan,
): void {
  for (const [index, { inputs }] of samples.entries()) {
    for (const { key, places } of dimensions) {
      const limit = most.get(key) ?? Number.POSITIVE_INFINITY;
      for (const { input, axis } of places) {
        const size = inputs.find(({ name }) => name === input)?.shape[axis] ?? 0;
        if (size <= limit) continue;
        const where = `sample inputs ${file}, request ${index + 1}: input '${input}'`;
        throw new PopserveError('INVALID_ARGUMENT', `${where}: axis ${axis} has ${size}, --max-dim allows ${limit}`);
      }
    }
  }
}
