// The limits that go into the manifest: what the publisher allows, else what the trial runs have shown to be possible.
import { defaultLimits } from '../../registry/default-limits.ts';
import type { InputLimit } from '../../registry/input-size-limits.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import { elementCount, type Signature, type TensorSpec } from '../../registry/signature.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { Obstacle } from './grow-size.ts';
import type { ProbedSizes } from './probe-sizes.ts';
import type { SizePlan, VariableDimension } from './sample-sizes.ts';
import { mostInRequest } from './sized-inputs.ts';

type SampleInputs = readonly Pick<Tensor, 'name' | 'shape'>[];

/**
 * One limit for each input with a variable dimension of which something is known.
 * @param given sizes that the publisher allows, by key of the dimension
 * @param samples inputs that the model is known to run on; no limit is below them
 * @param probed null where nothing was tried: then only what the publisher decided is limited
 */
export function inputLimits(
  { inputs }: Signature,
  dimensions: readonly VariableDimension[],
  given: SizePlan,
  samples: readonly SampleInputs[],
  probed: ProbedSizes | null,
): InputLimit[] {
  return inputs.flatMap((input) => {
    const keys = input.shape.map((_, axis) => keyAt(dimensions, input.name, axis));
    const decided = keys.flatMap((key, axis) => (key !== null && given.has(key) ? [axis] : []));
    if (!input.shape.includes(-1) || (probed === null && decided.length === 0)) return [];
    const shapes = samples
      .flatMap((sample) => sample.filter(({ name }) => name === input.name))
      .map(({ shape }) => shape);
    const { shape, elements } = limitOf(input, keys, given, shapes, probed);
    return [{ name: input.name, shape, elements, ...(decided.length > 0 ? { given: decided } : {}) }];
  });
}

function limitOf(
  { name, shape: signed, datatype }: TensorSpec,
  keys: readonly (string | null)[],
  given: SizePlan,
  samples: readonly (readonly number[])[],
  probed: ProbedSizes | null,
): Pick<InputLimit, 'shape' | 'elements'> {
  const small = signed.map((size, axis) => Math.max(1, size === -1 ? (samples[0]?.[axis] ?? 1) : size));
  const sizesBy = (sizeOf: (key: string) => number | undefined) =>
    keys.map((key, axis) => (key === null ? undefined : sizeOf(key)) ?? small[axis] ?? 1);
  const variable = keys.filter((key) => key !== null);
  const isKnown = variable.some((key) => probed?.alone.has(key));
  const measured = probed?.bounding.has(name) ? probed.together : probed?.alone;
  // A size that the publisher allows for one dimension is possible at least beside the sample's size of the others.
  const decided = elementCount(sizesBy((key) => given.get(key)));
  const possible = isKnown ? elementCount(sizesBy((key) => measured?.get(key))) : mostInRequest(datatype);
  const tried = samples.reduce((most, shape) => Math.max(most, elementCount(shape)), 1);
  const elements = variable.every((key) => given.has(key)) ? decided : Math.max(decided, possible);
  const most = Math.max(1, tried, Math.min(elements, defaultLimits.elements));
  const shape = keys.map((key, axis) => {
    if (key === null) return null;
    const ran = samples.reduce((largest, sizes) => Math.max(largest, sizes[axis] ?? 1), 1);
    // The model itself refuses other sizes, or nothing was tried: the number of elements limits this one as well.
    const rest = Math.floor(most / (elementCount(small) / (small[axis] ?? 1)));
    return Math.max(ran, given.get(key) ?? probed?.alone.get(key) ?? rest);
  });
  return { shape, elements: most };
}

function keyAt(dimensions: readonly VariableDimension[], input: string, axis: number): string | null {
  const at = dimensions.find(({ places }) => places.some((place) => place.input === input && place.axis === axis));
  return at?.key ?? null;
}

const mostNamed = 4;

/** The recorded limits and their reason, in one sentence; null where there is nothing to limit. */
export function describeLimits(
  limits: readonly InputLimit[],
  { inputs }: Signature,
  dimensions: readonly VariableDimension[],
  probed: ProbedSizes | null,
  probeLimitMs: number,
): string | null {
  if (limits.length === 0) return null;
  const sizes = limits.slice(0, mostNamed).map(({ name, shape, elements }) => {
    const spec = inputs.find((input) => input.name === name);
    const largest = spec?.shape.map((size, axis) => shape[axis] ?? size) ?? [];
    return `'${name}' [${largest.join(',')}] and ${elements} elements`;
  });
  const more = limits.length > mostNamed ? ` and ${limits.length - mostNamed} more` : '';
  const given = dimensions.flatMap(({ key, label }) => {
    const obstacle = probed?.obstacles.get(key);
    return obstacle === undefined ? [] : [reasonOf(label, obstacle, probeLimitMs)];
  });
  const reasons = [...new Set(given)];
  const why = reasons.length > 0 ? `: ${reasons.slice(0, mostNamed).join(', ')}` : '';
  return `inputs are limited to ${sizes.join(', ')}${more}${why}`;
}

function reasonOf(label: string, obstacle: Obstacle, probeLimitMs: number): string {
  switch (obstacle) {
    case 'memory':
      return `a larger '${label}' needs more memory than the isolate has`;
    case 'time':
      return `a larger '${label}' takes longer than ${probeLimitMs / 1000} s`;
    case 'request':
      return `a larger '${label}' does not fit into a request of ${defaultLimits.bodyMib} MiB or ${defaultLimits.elements / mebibyte} Mi elements`;
    case 'records':
      return `a request has at most ${defaultLimits.records} records`;
    case 'refused':
      return `the model itself refuses a larger '${label}'`;
    case 'untried':
      return `'${label}' was estimated from smaller sizes`;
  }
}
