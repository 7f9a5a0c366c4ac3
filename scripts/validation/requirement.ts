// What a release has to reach: parsed from the command line, judged on the figures.
import { PopserveError } from '../../registry/errors.ts';
import type { Metrics, Task } from '../../registry/evaluation.ts';
import { type Manifest, profileNames } from '../../registry/manifest.ts';

export interface Requirement {
  /** As it was written. */
  readonly text: string;
  readonly metric: string;
  readonly comparison: '>=' | '<=' | '>' | '<';
  readonly limit: number;
}

export interface RegressionLimit {
  readonly text: string;
  /** Null: the figures that a task is mostly judged by. */
  readonly metric: string | null;
  readonly amount: number;
}

export interface Budgets {
  readonly maxHeapMib?: number;
  readonly maxRunMs?: number;
}

/** Smaller is better, and without an upper limit: a worsening is a share of the stable version's figure. */
const errors: ReadonlySet<string> = new Set(['log_loss', 'mae', 'rmse']);

/** What a regression limit without a metric is about. */
const headline: Readonly<Record<Task, readonly string[]>> = {
  binary: ['roc_auc', 'f1'],
  multiclass: ['accuracy', 'f1_macro'],
  regression: ['rmse'],
};

const compare = {
  '>=': (value: number, limit: number) => value >= limit,
  '<=': (value: number, limit: number) => value <= limit,
  '>': (value: number, limit: number) => value > limit,
  '<': (value: number, limit: number) => value < limit,
};

export function isError(metric: string): boolean {
  return errors.has(metric);
}

/** @throws {PopserveError} INVALID_ARGUMENT unless it is like `roc_auc>=0.95` */
export function parseRequirement(text: string): Requirement {
  const [, metric, comparison, number] = /^\s*([a-z][a-z0-9_]*)\s*(>=|<=|>|<)\s*(\S+)\s*$/.exec(text) ?? [];
  const limit = Number(number);
  if (metric === undefined || number === undefined || !Number.isFinite(limit)) {
    throw new PopserveError('INVALID_ARGUMENT', `expected a requirement like roc_auc>=0.95, got '${text}'`);
  }
  return { text: `${metric}${comparison}${limit}`, metric, comparison: comparison as Requirement['comparison'], limit };
}

/** @throws {PopserveError} INVALID_ARGUMENT unless it is like `0.01` or `f1=0.01` */
export function parseRegressionLimit(text: string): RegressionLimit {
  const [, metric, number] = /^\s*(?:([a-z][a-z0-9_]*)\s*=)?\s*(\S+)\s*$/.exec(text) ?? [];
  const amount = Number(number);
  if (number === undefined || !Number.isFinite(amount) || amount < 0) {
    throw new PopserveError('INVALID_ARGUMENT', `expected a limit like 0.01 or f1=0.01, got '${text}'`);
  }
  const name = metric === undefined ? '' : `${metric}=`;
  return { text: `max-regression ${name}${amount}`, metric: metric ?? null, amount };
}

/** @returns one sentence part for each requirement that is not met: `roc_auc is 0.91, required >=0.95` */
export function unmet(requirements: readonly Requirement[], metrics: Metrics): string[] {
  return requirements.flatMap(({ metric, comparison, limit }) => {
    const value = own(metrics, metric);
    if (value === undefined)
      return [
        `${metric} is not defined for this test, required ${comparison}${limit}; there are ${Object.keys(metrics).join(', ')}`,
      ];
    return compare[comparison](value, limit) ? [] : [`${metric} is ${value}, required ${comparison}${limit}`];
  });
}

/** @returns one sentence part for each figure that is worse than the stable version's by more than is allowed */
export function worsened(
  limits: readonly RegressionLimit[],
  task: Task,
  metrics: Metrics,
  stable: { readonly version: string; readonly metrics: Metrics },
): string[] {
  return limits.flatMap(({ metric, amount }) =>
    (metric === null ? headline[task] : [metric]).flatMap((name) => {
      const [value, before] = [own(metrics, name), own(stable.metrics, name)];
      if (value === undefined || before === undefined) {
        // A headline figure need not be there: a model without scores has no area.
        return metric === null
          ? []
          : [`${name} cannot be compared with version ${stable.version}: it is not defined for both`];
      }
      const loss = isError(name) ? value - before : before - value;
      const allowed = isError(name) ? amount * Math.abs(before) : amount;
      // What is shown has six digits; their rounding is no regression.
      if (loss <= allowed + 1e-9) return [];
      return [
        `${name} is ${value}, version ${stable.version} has ${before}; allowed to be worse by ${amount}${isError(name) ? ' of it' : ''}`,
      ];
    }),
  );
}

/** @returns why no way of loading the model keeps to the budgets, or nothing */
export function overBudget({ maxHeapMib, maxRunMs }: Budgets, profiles: Manifest['runtime']['profiles']): string[] {
  const limits = [
    ...(maxHeapMib === undefined ? [] : [`${maxHeapMib} MiB of heap`]),
    ...(maxRunMs === undefined ? [] : [`${maxRunMs} ms a run`]),
  ];
  const offered = profileNames.flatMap((name) => {
    const profile = profiles[name];
    return profile === undefined ? [] : [[name, profile] as const];
  });
  const fits = offered.some(
    ([, { heapBytes, runMs }]) =>
      heapBytes / 1_048_576 <= (maxHeapMib ?? Number.POSITIVE_INFINITY) &&
      runMs <= (maxRunMs ?? Number.POSITIVE_INFINITY),
  );
  if (limits.length === 0 || fits) return [];
  const measured = offered.map(
    ([name, { heapBytes, runMs }]) =>
      `${name} takes ${(heapBytes / 1_048_576).toFixed(1)} MiB and ${Number(runMs.toPrecision(3))} ms`,
  );
  return [`over the budget of ${limits.join(' and ')}: ${measured.join(', ')}`];
}

/** The budgets as they are kept: without what was measured, which differs from run to run. */
export function budgetTexts({ maxHeapMib, maxRunMs }: Budgets): string[] {
  return [
    ...(maxHeapMib === undefined ? [] : [`max-heap-mib ${maxHeapMib}`]),
    ...(maxRunMs === undefined ? [] : [`max-run-ms ${maxRunMs}`]),
  ];
}

function own(metrics: Metrics, name: string): number | undefined {
  return Object.hasOwn(metrics, name) ? metrics[name] : undefined;
}
