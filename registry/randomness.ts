// A model that draws random numbers gives other answers to the same question: they can be neither verified, compared nor cached.
import * as z from 'zod';
import { mostTensors, nameText } from './bounds.ts';

export const randomnessSchema = z.strictObject({
  /** Operators of the graph that draw; empty where only the runs showed it. */
  operators: z.array(nameText).max(mostTensors),
});

export type Randomness = z.infer<typeof randomnessSchema>;

/** Whether the answers of these versions can be compared: none of them draws random numbers. */
export function areComparable(...manifests: readonly { readonly random?: Randomness | undefined }[]): boolean {
  return manifests.every(({ random }) => random === undefined);
}
