// How large an input with variable dimensions may be: measured or decided when a version is published, enforced by the Worker.
import * as z from 'zod';
import { mostAxes, nameText } from './bounds.ts';
import { elementCount, type Signature } from './signature.ts';

export const inputLimitSchema = z.strictObject({
  name: nameText,
  /** Greatest size of each axis; null where the signature fixes it. */
  shape: z.array(z.int().min(1).nullable()).max(mostAxes),
  /** Greatest number of elements: not all axes may have their greatest size at once. */
  elements: z.int().min(1),
  /** Axes whose limit the publisher decided. The other limits were measured and may differ in a repetition. */
  given: z.array(z.int().min(0)).max(mostAxes).optional(),
});

export type InputLimit = z.infer<typeof inputLimitSchema>;

interface SizedInput {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * The first fault of an input against a limit: `axis 1 has 600, the limit is 512`.
 * @param input has the limit's rank
 * @returns null if the input is within the limit
 */
export function limitFault({ shape }: SizedInput, limit: InputLimit): string | null {
  for (let axis = 0; axis < shape.length; axis++) {
    const size = shape[axis] ?? 0;
    const most = limit.shape[axis] ?? null;
    if (most !== null && size > most) return `axis ${axis} has ${size}, the limit is ${most}`;
  }
  const elements = elementCount(shape);
  return elements > limit.elements ? `it has ${elements} elements, the limit is ${limit.elements}` : null;
}

/** @returns a sentence for each limit that does not fit the signature or that the sample input exceeds; empty if all fit */
export function limitFaults(
  limits: readonly InputLimit[],
  { inputs }: Signature,
  samples: readonly SizedInput[],
): string[] {
  const specs = new Map(inputs.map((spec) => [spec.name, spec]));
  const sampleOf = new Map(samples.map((sample) => [sample.name, sample]));
  const seen = new Set<string>();
  return limits.flatMap((limit) => {
    const { name, shape, given } = limit;
    const input = specs.get(name);
    if (input === undefined) return [`limits: expected an input of the signature, got '${name}'`];
    if (seen.has(name)) return [`limits: '${name}' is there twice`];
    seen.add(name);
    const fits =
      shape.length === input.shape.length &&
      shape.every((most, axis) => (most === null) === (input.shape[axis] !== -1));
    if (!fits) {
      return [
        `limits: expected a size for each variable axis of '${name}' [${input.shape.join(',')}], null for the others, got [${shape.map(String).join(',')}]`,
      ];
    }
    const odd = given?.find((axis) => input.shape[axis] !== -1);
    if (odd !== undefined) return [`limits: axis ${odd} of '${name}' is not variable`];
    const sample = sampleOf.get(name);
    const fault = sample && sample.shape.length === shape.length ? limitFault(sample, limit) : null;
    return fault === null ? [] : [`warmup: input '${name}': ${fault}`];
  });
}
