// How large the inputs of callers may be: a smaller limit refuses what was taken before.
import type { Break } from '../api/contract.ts';
import { describeShape, quote } from '../describe.ts';
import type { InputLimit } from '../input-size-limits.ts';
import type { Manifest } from '../manifest.ts';
import type { TensorSpec } from '../signature.ts';

type Described = Pick<Manifest, 'signature' | 'limits'>;

/**
 * Measured limits of one model differ by up to this from one publication to the next, with the machine and its load. A smaller one
 * counts only beyond it; a limit that a publisher decided counts as it is.
 */
const measuringNoise = 1.5;

export function limitBreaks(served: Described, next: Described): Break[] {
  return next.signature.inputs.flatMap((spec) => {
    const before = served.signature.inputs.find(({ name }) => name === spec.name);
    // An input of another rank, or fixed to another size, is refused for that.
    if (before === undefined || before.shape.length !== spec.shape.length) return [];
    if (spec.shape.some((size, at) => size !== -1 && size !== before.shape[at])) return [];
    const [was, is] = [reachOf(served, before), reachOf(next, spec)];
    const axis = spec.shape.findIndex((size, at) => size === -1 && isLess(is.axes[at], was.axes[at]));
    if (axis === -1 && !isLess(is.elements, was.elements)) return [];
    const how =
      axis === -1
        ? `get 413 for more than ${is.elements.most} elements`
        : `get 413 for more than ${is.axes[axis]?.most} along axis ${axis}`;
    return [
      {
        ...{ part: 'limit', name: quote(spec.name), was: describeReach(was), becomes: describeReach(is) },
        ...{ who: 'callers with larger inputs', how },
      },
    ];
  });
}

/** The largest size that is taken; infinite where no limit is known. */
interface Most {
  readonly most: number;
  readonly isMeasured: boolean;
}

interface Reach {
  readonly axes: readonly Most[];
  readonly elements: Most;
}

function reachOf({ limits }: Described, { name, shape }: TensorSpec): Reach {
  const limit = limits?.find((each) => each.name === name);
  const axes = shape.map((size, axis): Most => {
    if (size !== -1) return { most: size, isMeasured: false };
    const most = limit?.shape[axis] ?? Number.POSITIVE_INFINITY;
    return { most, isMeasured: limit !== undefined && !isGiven(limit, axis) };
  });
  // An axis that may be empty does not make the others small.
  const product = axes.reduce((count, { most }) => count * Math.max(most, 1), 1);
  const elements = Math.min(product, limit?.elements ?? Number.POSITIVE_INFINITY);
  return { axes, elements: { most: elements, isMeasured: axes.some(({ isMeasured }) => isMeasured) } };
}

function isGiven({ given }: InputLimit, axis: number): boolean {
  return given?.includes(axis) ?? false;
}

function isLess(is: Most | undefined, was: Most | undefined): boolean {
  if (is === undefined || was === undefined) return false;
  const noise = is.isMeasured && was.isMeasured && Number.isFinite(was.most) ? measuringNoise : 1;
  return is.most * noise < was.most;
}

function describeReach({ axes, elements }: Reach): string {
  if (elements.most === Number.POSITIVE_INFINITY && axes.every(({ most }) => most === Number.POSITIVE_INFINITY)) {
    return 'no limit';
  }
  const sizes = describeShape(axes.map(({ most }) => (Number.isFinite(most) ? most : 'any')));
  return Number.isFinite(elements.most) ? `${sizes} and ${elements.most} elements` : sizes;
}
