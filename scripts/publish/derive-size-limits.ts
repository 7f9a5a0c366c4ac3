// The limits that go into the manifest: what the publisher allows, else what was seen to work, else a common size.
import { defaultLimits } from '../../registry/default-limits.ts';
import type { InputLimit } from '../../registry/input-size-limits.ts';
import { elementCount, type Signature } from '../../registry/signature.ts';
import type { Obstacle, ProbedSizes } from './probe-sizes.ts';
import type { SizePlan, VariableDimension } from './sample-sizes.ts';

/** Of a dimension that nothing was found to be in the way of, and that nothing was said of. */
export const defaultMost = 4096;

/**
 * One for each input with a variable dimension.
 * @param given sizes that the publisher allows, by key of the dimension
 * @param sample inputs that the model is known to run on, if any
 */
export function inputLimits(
  { inputs }: Signature,
  dimensions: readonly VariableDimension[],
  given: SizePlan,
  sample: readonly { readonly name: string; readonly shape: readonly number[] }[],
  { seen, obstacles }: ProbedSizes,
): InputLimit[] {
  return inputs.flatMap((input) => {
    const { name } = input;
    const known = seen.get(name);
    const keys = input.shape.map((_, axis) => keyAt(dimensions, name, axis));
    if (!input.shape.includes(-1)) return [];
    const isMeasured = keys.map((key) => key !== null && known !== undefined && obstacles.has(key) && !given.has(key));
    const shape = keys.map((key, axis) => {
      if (key === null) return null;
      const works = Math.max(1, known?.shape[axis] ?? 1);
      return given.get(key) ?? (isMeasured[axis] ? works : Math.max(defaultMost, works));
    });
    const largest = elementCount(input.shape.map((size, axis) => shape[axis] ?? size));
    // What is allowed for one dimension is possible at least beside the sample's size of the others.
    const smallest = sample.find((candidate) => candidate.name === name)?.shape ?? [];
    const allowed = elementCount(
      input.shape.map((size, axis) => given.get(keys[axis] ?? '') ?? smallest[axis] ?? Math.max(size, 1)),
    );
    const elements = isMeasured.includes(true) ? Math.max(allowed, known?.elements ?? 1) : largest;
    const decided = keys.flatMap((key, axis) => (key !== null && given.has(key) ? [axis] : []));
    return [
      {
        name,
        shape,
        elements: Math.max(1, Math.min(elements, defaultLimits.elements)),
        ...(decided.length > 0 ? { given: decided } : {}),
      },
    ];
  });
}

function keyAt(dimensions: readonly VariableDimension[], input: string, axis: number): string | null {
  const at = dimensions.find(({ places }) => places.some((place) => place.input === input && place.axis === axis));
  return at?.key ?? null;
}

const mostNamed = 4;

/** What was recorded and why, in one sentence; null where there is nothing to limit. */
export function describeLimits(
  limits: readonly InputLimit[],
  { inputs }: Signature,
  dimensions: readonly VariableDimension[],
  given: SizePlan,
  { seen, obstacles }: ProbedSizes,
  probeLimitMs: number,
): string | null {
  if (limits.length === 0) return null;
  const sizes = limits.slice(0, mostNamed).map(({ name, shape, elements }) => {
    const spec = inputs.find((input) => input.name === name);
    const largest = spec?.shape.map((size, axis) => shape[axis] ?? size) ?? [];
    return `'${name}' [${largest.join(',')}] and ${elements} elements`;
  });
  const more = limits.length > mostNamed ? ` and ${limits.length - mostNamed} more` : '';
  const words: Record<Obstacle, string> = {
    memory: 'needs more memory than the isolate has',
    time: `takes longer than ${probeLimitMs / 1000} s`,
    request: `does not fit into a request of ${defaultLimits.bodyMib} MiB`,
    untried: 'was not tried for lack of time',
  };
  const mostOf = (key: string) => given.get(key) ?? defaultMost;
  const reasons = dimensions.flatMap(({ key, label, places }) => {
    const obstacle = obstacles.get(key);
    const isReached = places.every(({ input, axis }) => (seen.get(input)?.shape[axis] ?? 0) >= mostOf(key));
    return obstacle && !isReached ? [`a larger '${label}' ${words[obstacle]}`] : [];
  });
  const [together] = obstacles.values();
  if (reasons.length === 0 && together) reasons.push(`one that is large in every dimension ${words[together]}`);
  const why = reasons.length > 0 ? `: ${reasons.slice(0, mostNamed).join(', ')}` : '';
  return `inputs are limited to ${sizes.join(', ')}${more}${why}`;
}
