// Sizes to try for the variable dimensions of a model's inputs, likely ones first.
import type { InspectedValue } from '../inspect/inspector.ts';

/** Size of each variable dimension, by symbol or by input and axis. */
export type SizePlan = ReadonlyMap<string, number>;

type Role = 'batch' | 'channels' | 'spatial' | 'length';

const sizesByRole: Readonly<Record<Role, readonly number[]>> = {
  batch: [1, 2],
  channels: [3, 1],
  spatial: [32, 48, 224, 64, 96, 128, 16, 8, 1],
  length: [8, 1, 2, 3, 4, 16, 32, 64, 128, 256, 512, 1024],
};

/** Dimensions that share a symbol have one size; one without a name is on its own. */
function dimensionKey(symbol: string, input: string, axis: number): string {
  return symbol === '' ? `input ${input} axis ${axis}` : `symbol ${symbol}`;
}

/** The shape of an input under a plan. */
export function plannedShape(shape: InspectedValue['shape'], input: string, plan: SizePlan): number[] {
  return shape.map((size, axis) =>
    typeof size === 'number' ? size : (plan.get(dimensionKey(size, input, axis)) ?? 1),
  );
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

function dimensionRoles(inputs: readonly InspectedValue[]): Map<string, Role> {
  const roles = new Map<string, Role>();
  for (const input of inputs) {
    input.shape.forEach((size, axis) => {
      if (typeof size === 'number') return;
      const key = dimensionKey(size, input.name, axis);
      if (!roles.has(key)) roles.set(key, roleOf(size, input.shape, axis));
    });
  }
  return roles;
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
