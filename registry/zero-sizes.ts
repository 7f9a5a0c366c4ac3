// Inputs without elements. Kernels of the runtime are seldom tried on them, and some abort it under every model that lives in it. So
// publishing tries them, and only what it has tried is run.
import * as z from 'zod';
import { mostAxes, nameText } from './bounds.ts';
import { inputsTaken, type Signature } from './signature.ts';

/** The variable dimensions that are zero together in one run. */
const placesSchema = z
  .array(z.strictObject({ input: nameText, axis: z.int().min(0).max(mostAxes) }))
  .min(1)
  .max(256);

/** Each entry is one run that ended well; other zeros, or these together with others, are not run. */
export const zeroSizesSchema = z.array(placesSchema).max(64);

export type ZeroSizes = z.infer<typeof zeroSizesSchema>;
export type ZeroPlace = ZeroSizes[number][number];

/** @returns the variable dimensions that are zero in these inputs, those with a default among them, in the order of the signature */
export function zeroPlaces(
  signature: Pick<Signature, 'inputs' | 'optionalInputs'>,
  inputs: readonly { readonly name: string; readonly shape: readonly number[] }[],
): ZeroPlace[] {
  return inputsTaken(signature).flatMap((spec) => {
    const shape = inputs.find(({ name }) => name === spec.name)?.shape ?? [];
    return shape.flatMap((size, axis) => (size === 0 && spec.shape[axis] === -1 ? [{ input: spec.name, axis }] : []));
  });
}

/** @returns whether publishing has run exactly these zeros; no zeros need no trial */
export function areTried(places: readonly ZeroPlace[], tried: ZeroSizes = []): boolean {
  if (places.length === 0) return true;
  const key = (each: readonly ZeroPlace[]) => JSON.stringify(each.map(({ input, axis }) => [input, axis]).sort());
  const wanted = key(places);
  return tried.some((each) => each.length === places.length && key(each) === wanted);
}
