// Sizes to try for the variable dimensions of a model's inputs, likely ones first.
import type { InspectedValue } from '../inspect/inspector.ts';

/** Size of each variable dimension, by symbol or by input and axis. */
export type SizePlan = ReadonlyMap<string, number>;

export type Role = 'batch' | 'channels' | 'spatial' | 'length';

const sizesByRole: Readonly<Record<Role, readonly number[]>> = {
  batch: [1, 2],
  channels: [3, 1],
  spatial: [32, 48, 224, 64, 96, 128, 16, 8, 1],
  length: [8, 1, 2, 3, 4, 16, 32, 64, 128, 256, 512, 1024],
};

/** A dimension that a request chooses the size of; it may stand in several places. */
export interface VariableDimension {
  readonly key: string;
  /** The symbol that the model gives it, or `input:axis`. */
  readonly label: string;
  readonly role: Role;
  readonly places: readonly { readonly input: string; readonly axis: number }[];
}

/** Dimensions that share a symbol have one size; one without a name is on its own. */
function dimensionKey(symbol: string, input: string, axis: number): string {
  return symbol === '' ? `input ${input} axis ${axis}` : `symbol ${symbol}`;
}

/**
 * The shape of an input under a plan.
 * @param most sizes that are not to be exceeded, whatever the plan says
 */
export function plannedShape(
  shape: InspectedValue['shape'],
  input: string,
  plan: SizePlan,
  most: SizePlan = new Map(),
): number[] {
  return shape.map((size, axis) => {
    if (typeof size === 'number') return size;
    const key = dimensionKey(size, input, axis);
    return Math.min(plan.get(key) ?? 1, most.get(key) ?? Number.POSITIVE_INFINITY);
  });
}

/**
 * First all dimensions of one role in step, then each of the lengths on its own at 1 or another size
 * (a frame of 512 samples beside a state of 1).
 */
export function* sizePlans(inputs: readonly InspectedValue[]): Generator<SizePlan> {
  const roles = dimensionRoles(inputs);
  const present = [...new Set(roles.values())];
  for (const sizes of product(present)) yield new Map([...roles].map(([key, role]) => [key, sizes.get(role) ?? 1]));

  const lengths = [...roles].filter(([, role]) => role === 'length').map(([key]) => key);
  if (lengths.length < 2 || lengths.length > 4) return;
  const base = new Map([...roles].map(([key, role]) => [key, sizesByRole[role][0] ?? 1]));
  for (const size of sizesByRole.length) {
    for (let mask = 1; mask < 2 ** lengths.length - 1; mask++) {
      yield new Map([...base, ...lengths.map((key, bit) => [key, (mask >> bit) & 1 ? size : 1] as const)]);
    }
  }
}

/** The plan with another batch size, or null where nothing looks like a batch. */
export function withBatch(inputs: readonly InspectedValue[], plan: SizePlan, batch: number): SizePlan | null {
  const batches = [...dimensionRoles(inputs)].filter(([, role]) => role === 'batch');
  return batches.length === 0 ? null : new Map([...plan, ...batches.map(([key]) => [key, batch] as const)]);
}

/** The sizes of all inputs, in their order. */
export function variableDimensions(inputs: readonly InspectedValue[]): VariableDimension[] {
  const found = new Map<string, VariableDimension & { places: { input: string; axis: number }[] }>();
  for (const { name, shape } of inputs) {
    shape.forEach((size, axis) => {
      if (typeof size === 'number') return;
      const key = dimensionKey(size, name, axis);
      const place = { input: name, axis };
      const known = found.get(key);
      if (known) known.places.push(place);
      else found.set(key, { key, label: size || `${name}:${axis}`, role: roleOf(size, shape, axis), places: [place] });
    });
  }
  return [...found.values()];
}

function dimensionRoles(inputs: readonly InspectedValue[]): Map<string, Role> {
  return new Map(variableDimensions(inputs).map(({ key, role }) => [key, role]));
}

function roleOf(symbol: string, shape: InspectedValue['shape'], axis: number): Role {
  // A single dimension is as likely a signal or a list.
  if (axis === 0) return shape.length > 1 || /^n$|batch/i.test(symbol) ? 'batch' : 'length';
  if (shape.length < 4) return 'length';
  const last = shape.at(-1);
  const channelsLast = typeof last === 'number' && last <= 4;
  return axis === 1 && !channelsLast ? 'channels' : 'spatial';
}

function product(roles: readonly Role[]): ReadonlyMap<Role, number>[] {
  return roles.reduce<Map<Role, number>[]>(
    // The role that was seen last varies slowest: batch sizes hardly ever decide whether a model runs.
    (plans, role) =>
      sizesByRole[role].flatMap((size) => plans.map((plan) => new Map([...plan, [role, size] as const]))),
    [new Map()],
  );
}
