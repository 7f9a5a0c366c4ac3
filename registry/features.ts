// Which names the manifest's `features` give to which input. They stand in the order of the inputs: an input that is a vector has a
// name for each of its columns, any other its own name. So one list serves models with one input and with several.
import type { Signature, TensorSpec } from './signature.ts';

const none: ReadonlyMap<string, readonly string[]> = new Map();

/**
 * The names of the columns of each input that has any; an input that is left out is a feature by its own name.
 * @example
 * // type BYTES [-1,1], sensors FP32 [-1,2]
 * columnNames(signature, ['type', 'torque', 'wear']).get('sensors'); // ['torque', 'wear']
 */
export function columnNames(
  { inputs }: Pick<Signature, 'inputs'>,
  features: readonly string[] | undefined,
): ReadonlyMap<string, readonly string[]> {
  if (features === undefined) return none;
  const [only, ...others] = inputs;
  if (only !== undefined && others.length === 0) {
    return features.length === 1 && features[0] === only.name ? none : new Map([[only.name, features]]);
  }
  return areInputs(inputs, features) ? none : (placed(inputs, features) ?? none);
}

/** Whether every name has its place. With one input the number of its columns may be open. */
export function fitInputs(inputs: readonly TensorSpec[], features: readonly string[]): boolean {
  const [only, ...others] = inputs;
  if (only === undefined) return false;
  if (others.length > 0) return areInputs(inputs, features) || placed(inputs, features) !== null;
  if (features.length === 1 && features[0] === only.name) return true;
  return only.shape.length === 2 && (only.shape[1] === -1 || only.shape[1] === features.length);
}

/** How many columns of an input can have names: those of a vector `[batch, columns]`; null where that is open or it is no vector. */
export function namedColumnCount({ shape }: Pick<TensorSpec, 'shape'>): number | null {
  const [, columns = -1] = shape;
  return shape.length === 2 && columns > 0 ? columns : null;
}

/** Null where a name has no place, or a place no name. */
function placed(inputs: readonly TensorSpec[], features: readonly string[]): Map<string, readonly string[]> | null {
  const columns = new Map<string, readonly string[]>();
  let from = 0;
  for (const spec of inputs) {
    if (features[from] === spec.name) {
      from++;
      continue;
    }
    const count = namedColumnCount(spec);
    if (count === null) return null;
    columns.set(spec.name, features.slice(from, from + count));
    from += count;
  }
  return from === features.length ? columns : null;
}

/** The names of the inputs themselves, in any order: then each is a feature by its own name. */
function areInputs(inputs: readonly TensorSpec[], features: readonly string[]): boolean {
  const names = new Set(features);
  return inputs.length === features.length && inputs.every(({ name }) => names.has(name));
}
