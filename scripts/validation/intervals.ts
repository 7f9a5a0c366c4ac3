// How far each figure of a test can be trusted: 95 % intervals, Wilson's for shares of rows, by resampling the rows for all others.
import { smallest } from '../../registry/extremes.ts';
import { averaged, classFigures, weightedCounts } from './metrics/classification.ts';
import { logLosses, orderOf, topK, weightedAreas } from './metrics/ranking.ts';
import { bootstrap, type Draws, drawRows } from './metrics/resample.ts';
import { type Interval, wilson } from './metrics/wilson.ts';
import { topSteps } from './score.ts';
import type { Classification, Predictions, Regression } from './task.ts';

export type Intervals = Readonly<Record<string, [number, number]>>;

type Figures = Readonly<Record<string, number>>;
type Found = Record<string, Interval | null>;

/**
 * @param figures those that are defined
 * @returns an interval for each of them, but for an error that is the same in every row, of which the rows tell no interval
 */
export function intervalsOf(predictions: Predictions, figures: Figures): Intervals {
  const sorted = inOrder(predictions);
  const found = sorted.task === 'regression' ? ofRegression(sorted, figures) : ofClassification(sorted, figures);
  return Object.fromEntries(
    Object.entries(figures).flatMap(([name, value]): [string, [number, number]][] => {
      const interval = found[name] ?? null;
      return interval === null ? [] : [[name, around(value, interval)]];
    }),
  );
}

/** The rows in an order of their own content: resamples draw rows by their places, and a file may have them in any order. */
function inOrder(predictions: Predictions): Predictions {
  const { truth, predicted } = predictions;
  const rows = Array.from(truth.keys());
  const pick = <T>(values: readonly T[]) => rows.map((row) => values[row] as T);
  if (predictions.task === 'regression') {
    rows.sort((a, b) => byValue(truth[a], truth[b]) || byValue(predicted[a], predicted[b]));
    return { ...predictions, truth: pick(truth), predicted: pick(predicted) };
  }
  const { classes, scores } = predictions;
  // By their names: the numbers of classes that only the truth has depend on where they first stand.
  const nameRank = new Map([...classes].sort().map((name, rank) => [name, rank]));
  const rankOf = (index: number | undefined) => nameRank.get(classes[index ?? -1] ?? '');
  rows.sort(
    (a, b) =>
      byValue(rankOf(truth[a]), rankOf(truth[b])) ||
      byValue(rankOf(predicted[a]), rankOf(predicted[b])) ||
      byScores(scores?.[a] ?? [], scores?.[b] ?? []),
  );
  return { ...predictions, truth: pick(truth), predicted: pick(predicted), scores: scores && pick(scores) };
}

function byValue(a = Number.NaN, b = Number.NaN): number {
  // NaN stands behind all numbers.
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a - b;
}

function byScores(a: readonly number[], b: readonly number[]): number {
  for (let column = 0; column < a.length; column++) {
    const difference = byValue(a[column], b[column]);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Resampled figures lean to one side: the figure itself is always within. */
function around(value: number, [low, high]: Interval): [number, number] {
  return [Number(Math.min(value, low).toPrecision(6)), Number(Math.max(value, high).toPrecision(6))];
}

function ofRegression({ truth, predicted }: Regression, figures: Figures): Found {
  const errors = Float64Array.from(truth, (value, row) => (predicted[row] ?? Number.NaN) - value);
  const [sizes, squares] = [errors.map(Math.abs), errors.map((error) => error ** 2)];
  const mean = truth.reduce((sum, value) => sum + value, 0) / truth.length;
  const deviations = Float64Array.from(truth, (value) => value - mean);
  const spreads = deviations.map((deviation) => deviation ** 2);
  const all = drawRows(truth.length, 1).map((draw) => {
    const squared = weightedMean(squares, draw);
    const variance = weightedMean(spreads, draw) - weightedMean(deviations, draw) ** 2;
    return {
      mae: weightedMean(sizes, draw),
      rmse: Math.sqrt(squared),
      r2: variance <= 0 ? null : 1 - squared / variance,
    };
  });
  const intervalOf = (name: 'mae' | 'rmse' | 'r2') =>
    bootstrap(
      figures[name] ?? 0,
      all.map((each) => each[name]),
    );
  return { mae: intervalOf('mae'), rmse: intervalOf('rmse'), r2: intervalOf('r2') };
}

function ofClassification(predictions: Classification, figures: Figures): Found {
  const draws = drawRows(predictions.truth.length, predictions.scores?.[0]?.length ?? 1);
  return { ...shares(predictions), ...ofLabels(predictions, figures, draws), ...ofScores(predictions, figures, draws) };
}

/** Figures that are a share of rows. */
function shares({ truth, predicted, positive, scores }: Classification): Found {
  const rows = truth.map((truly, row) => ({ truly, taken: predicted[row] }));
  const right = rows.filter(({ truly, taken }) => truly === taken);
  const found: Found = { accuracy: wilson(right.length, rows.length) };
  if (positive !== null) {
    const hits = right.filter(({ truly }) => truly === positive).length;
    found.precision = wilson(hits, rows.filter(({ taken }) => taken === positive).length);
    found.recall = wilson(hits, rows.filter(({ truly }) => truly === positive).length);
  }
  for (const k of scores === null ? [] : topSteps) {
    found[`top_${k}`] = wilson(Math.round(topK(scores ?? [], truth, k) * rows.length), rows.length);
  }
  return found;
}

function ofLabels({ truth, predicted, classes, positive }: Classification, figures: Figures, draws: Draws): Found {
  const [truly, taken] = [Int32Array.from(truth), Int32Array.from(predicted)];
  const all = draws.map((draw) => {
    const counts = weightedCounts(truly, taken, classes.length, draw);
    const own = positive === null ? undefined : classFigures(counts)[positive];
    // Without a row of the class there is nothing to find.
    const f1 = own === undefined ? {} : { f1: own.support + own.predicted === 0 ? null : own.f1 };
    const drawn: Record<string, number | null> = { ...f1, ...averaged(counts) };
    return drawn;
  });
  const names = Object.keys(all[0] ?? {});
  return Object.fromEntries(
    names.map((name) => {
      const value = figures[name] ?? 0;
      const resampled = all.map((each) => each[name] ?? null);
      return [name, bootstrap(value, resampled) ?? asShare(value, truth.length)];
    }),
  );
}

function ofScores(predictions: Classification, figures: Figures, draws: Draws): Found {
  const { truth, scores, positive } = predictions;
  if (scores === null) return {};
  const losses = Float64Array.from(logLosses(scores, truth));
  const counts = new Map<number, number>();
  for (const truly of truth) counts.set(truly, (counts.get(truly) ?? 0) + 1);
  const rarest = smallest(counts.values());
  const { roc, precision } = areasOf(predictions, draws);
  const area = (name: string, resampled: readonly (number | null)[]) =>
    bootstrap(figures[name] ?? 0, resampled) ?? asShare(figures[name] ?? 0, rarest);
  return {
    roc_auc: area('roc_auc', roc),
    ...(positive === null ? {} : { average_precision: area('average_precision', precision) }),
    log_loss: bootstrap(
      figures.log_loss ?? 0,
      draws.map((draw) => weightedMean(losses, draw)),
    ),
  };
}

/** Class by class, so that one order of the rows is kept at a time. */
function areasOf({ truth, scores, positive }: Classification, draws: Draws) {
  const classes =
    positive === null ? Array.from({ length: scores?.[0]?.length ?? 0 }, (_, index) => index) : [positive];
  const roc = draws.map((): number | null => 0);
  const precision = draws.map((): number | null => 0);
  for (const index of classes) {
    const order = orderOf(
      (scores ?? []).map((row) => row[index] ?? Number.NEGATIVE_INFINITY),
      truth.map((truly) => truly === index),
    );
    for (const [at, draw] of draws.entries()) {
      const areas = weightedAreas(order, draw);
      roc[at] = sumOf(roc[at], areas.roc, classes.length);
      precision[at] = sumOf(precision[at], areas.precision, classes.length);
    }
  }
  return { roc, precision };
}

function sumOf(sum: number | null | undefined, value: number | null, count: number): number | null {
  return sum === null || sum === undefined || value === null ? null : sum + value / count;
}

/** Where every resample says the same (all rows are right), they say nothing; a share of as many rows does. */
function asShare(value: number, rows: number): Interval | null {
  return wilson(value * rows, rows);
}

function weightedMean(values: Float64Array, weights: ArrayLike<number>): number {
  let sum = 0;
  let whole = 0;
  for (let row = 0; row < values.length; row++) {
    const weight = weights[row] ?? 0;
    sum += weight * (values[row] ?? 0);
    whole += weight;
  }
  return sum / whole;
}
