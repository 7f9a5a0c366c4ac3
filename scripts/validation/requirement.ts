// Requirements of a release: parsed from the command line, judged on the figures.

import { PopserveError } from '../../registry/errors.ts';
import type { EvaluationTask, Metrics } from '../../registry/evaluation.ts';
import { type Manifest, profileNames } from '../../registry/manifest.ts';
import { mebibyte, mebibytes } from '../../registry/mebibytes.ts';
import type { Intervals } from './intervals.ts';

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

const regressionPrefix = 'max-regression ';

/** Smaller is better, and without an upper limit: a worsening is a share of the stable version's figure. */
const errors: ReadonlySet<string> = new Set(['log_loss', 'mae', 'rmse']);

/** The metric of a regression limit that names none. */
const headline: Readonly<Record<EvaluationTask, readonly string[]>> = {
  binary: ['roc_auc', 'f1'],
  multiclass: ['accuracy', 'f1_macro'],
  regression: ['rmse'],
  detection: ['map50_95'],
};

/** Figures that `score` can give for a task; one that is not defined for the data is left out there. */
const metricsOf: Readonly<Record<EvaluationTask, readonly string[]>> = {
  binary: [
    ...['accuracy', 'precision', 'recall', 'f1', 'f1_macro', 'f1_weighted'],
    ...['roc_auc', 'average_precision', 'log_loss'],
  ],
  multiclass: [
    ...['accuracy', 'precision_macro', 'precision_weighted', 'recall_macro', 'recall_weighted'],
    ...['f1_macro', 'f1_weighted', 'roc_auc', 'log_loss', 'top_3', 'top_5'],
  ],
  regression: ['mae', 'rmse', 'r2'],
  detection: ['map50', 'map75', 'map50_95', 'mar_100'],
};

const allMetrics = [...new Set(Object.values(metricsOf).flat())];

const compare = {
  '>=': (value: number, limit: number) => value >= limit,
  '<=': (value: number, limit: number) => value <= limit,
  '>': (value: number, limit: number) => value > limit,
  '<': (value: number, limit: number) => value < limit,
};

export function isError(metric: string): boolean {
  return errors.has(metric);
}

/** @throws {PopserveError} INVALID_ARGUMENT unless it is like `roc_auc>=0.95`, with a metric that some task has */
export function parseRequirement(text: string): Requirement {
  const [, metric, comparison, number] = /^\s*([a-z][a-z0-9_]*)\s*(>=|<=|>|<)\s*(\S+)\s*$/.exec(text) ?? [];
  const limit = Number(number);
  if (metric === undefined || number === undefined || !Number.isFinite(limit)) {
    throw new PopserveError('INVALID_ARGUMENT', `expected a requirement like roc_auc>=0.95, got '${text}'`);
  }
  checkName(metric);
  return { text: `${metric}${comparison}${limit}`, metric, comparison: comparison as Requirement['comparison'], limit };
}

/** @throws {PopserveError} INVALID_ARGUMENT unless it is like `0.01` or `f1=0.01`, with a metric that some task has */
export function parseRegressionLimit(text: string): RegressionLimit {
  const [, metric, number] = /^\s*(?:([a-z][a-z0-9_]*)\s*=)?\s*(\S+)\s*$/.exec(text) ?? [];
  const amount = Number(number);
  if (number === undefined || !Number.isFinite(amount) || amount < 0) {
    throw new PopserveError('INVALID_ARGUMENT', `expected a limit like 0.01 or f1=0.01, got '${text}'`);
  }
  if (metric !== undefined) checkName(metric);
  const name = metric === undefined ? '' : `${metric}=`;
  return { text: `${regressionPrefix}${name}${amount}`, metric: metric ?? null, amount };
}

/** Is this one of the kept texts that say nothing unless there is a version to compare with? */
export function isRegressionText(text: string): boolean {
  return text.startsWith(regressionPrefix);
}

/** @throws {PopserveError} INVALID_ARGUMENT for a figure that models of this task do not have */
export function checkMetrics(
  task: EvaluationTask,
  requirements: readonly Requirement[],
  regressionLimits: readonly RegressionLimit[],
): void {
  const foreign = [...requirements, ...regressionLimits].find(
    ({ metric }) => metric !== null && !metricsOf[task].includes(metric),
  );
  if (foreign === undefined) return;
  throw new PopserveError(
    'INVALID_ARGUMENT',
    `'${foreign.text}' cannot be checked: the task is ${task}, which has ${metricsOf[task].join(', ')}`,
  );
}

function checkName(metric: string): void {
  if (allMetrics.includes(metric)) return;
  throw new PopserveError('INVALID_ARGUMENT', `there is no metric '${metric}'; there are ${allMetrics.join(', ')}`);
}

/**
 * @param absent why a figure is not there
 * @returns one sentence part for each requirement that is not met: `roc_auc is 0.91, required >=0.95`
 */
export function unmet(
  requirements: readonly Requirement[],
  metrics: Metrics,
  absent: Readonly<Record<string, string>> = {},
): string[] {
  return requirements.flatMap(({ metric, comparison, limit }) => {
    const value = own(metrics, metric);
    if (value === undefined) {
      const reason = Object.hasOwn(absent, metric) ? ` (${absent[metric]})` : '';
      const known = Object.keys(metrics).join(', ');
      return [`${metric} is not defined for this test${reason}, required ${comparison}${limit}; there are ${known}`];
    }
    return compare[comparison](value, limit) ? [] : [`${metric} is ${value}, required ${comparison}${limit}`];
  });
}

/**
 * The end of its interval that is worse.
 * @returns null where the figure does not meet it, or all of its interval does
 */
export function brokenEnd(
  { metric, comparison, limit }: Requirement,
  metrics: Metrics,
  intervals: Intervals,
): string | null {
  const value = own(metrics, metric);
  if (value === undefined || !compare[comparison](value, limit)) return null;
  const interval = Object.hasOwn(intervals, metric) ? intervals[metric] : undefined;
  if (interval === undefined) return `${metric} is ${value}, and the rows tell no interval of it`;
  const [low, high] = interval;
  const isLower = comparison === '>=' || comparison === '>';
  if (compare[comparison](isLower ? low : high, limit)) return null;
  return `${metric} is ${value}, its 95 % interval is from ${low} to ${high}`;
}

/** @returns one sentence part for each requirement that is met by the figure, but not by all of its interval */
export function unsure(requirements: readonly Requirement[], metrics: Metrics, intervals: Intervals): string[] {
  return requirements.flatMap((requirement) => {
    const broken = brokenEnd(requirement, metrics, intervals);
    return broken === null
      ? []
      : [`${broken}, required ${requirement.comparison}${requirement.limit} of all of it (--strict)`];
  });
}

/** @returns one sentence part for each figure that is worse than the stable version's by more than is allowed */
export function worsened(
  limits: readonly RegressionLimit[],
  task: EvaluationTask,
  metrics: Metrics,
  stable: { readonly version: string; readonly metrics: Metrics },
): string[] {
  return limits.flatMap(({ metric, amount }) => {
    const names = metric === null ? headline[task] : [metric];
    // Not every headline figure need be there: a model without scores has no area.
    const comparable = names.filter(
      (name) => own(metrics, name) !== undefined && own(stable.metrics, name) !== undefined,
    );
    if (comparable.length === 0) {
      const pronoun = names.length === 1 ? 'it is' : 'they are';
      return [`${names.join(', ')} cannot be compared with version ${stable.version}: ${pronoun} not defined for both`];
    }
    return comparable.flatMap((name) => {
      const [value = Number.NaN, before = Number.NaN] = [own(metrics, name), own(stable.metrics, name)];
      const loss = isError(name) ? value - before : before - value;
      const allowed = isError(name) ? amount * Math.abs(before) : amount;
      // Figures are shown with six digits; their rounding is no regression.
      if (loss <= allowed + 1e-9) return [];
      return [
        `${name} is ${value}, version ${stable.version} has ${before}; allowed to be worse by ${amount}${isError(name) ? ' of it' : ''}`,
      ];
    });
  });
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
      heapBytes / mebibyte <= (maxHeapMib ?? Number.POSITIVE_INFINITY) &&
      runMs <= (maxRunMs ?? Number.POSITIVE_INFINITY),
  );
  if (limits.length === 0 || fits) return [];
  const measured = offered.map(
    ([name, { heapBytes, runMs }]) => `${name} takes ${mebibytes(heapBytes)} and ${Number(runMs.toPrecision(3))} ms`,
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
