// Curves of each class of several against all others, and their mean over the classes.
import { averagePrecision, type CurvePoint, precisionRecallCurve, rocAuc, rocCurve } from './metrics/ranking.ts';
import { rankedFor } from './score.ts';
import type { Classification } from './task.ts';

export interface RankingCurves {
  readonly roc: readonly CurvePoint[];
  /** Recall (x) and precision (y). */
  readonly recall: readonly CurvePoint[];
  readonly rocAuc: number;
  readonly averagePrecision: number;
}

export interface OneVsRest {
  /** In the order of the classes; empty where there are more than were asked for. */
  readonly classes: readonly (RankingCurves & { readonly name: string })[];
  /** Mean of the curves at the same false positive rate, or recall, over all classes that occur. */
  readonly macro: RankingCurves;
  readonly occurring: number;
}

/** Places at which the mean of curves is taken. */
const steps = 200;

/**
 * @param mostClasses of more only the mean is kept
 * @returns null for a model without scores, or where no class can be told from others
 */
export function oneVsRest(predictions: Classification, mostClasses: number): OneVsRest | null {
  const isKept = predictions.classes.length <= mostClasses;
  const classes: (RankingCurves & { name: string })[] = [];
  const [rates, precisions] = [new Float64Array(steps + 1), new Float64Array(steps + 1)];
  let [occurring, areas, averages] = [0, 0, 0];
  for (const [index, name] of predictions.classes.entries()) {
    const ranked = rankedFor(predictions, index);
    const [roc, recall] = ranked === null ? [null, null] : [rocCurve(ranked), precisionRecallCurve(ranked)];
    if (ranked === null || roc === null || recall === null) continue;
    const [area, average] = [rocAuc(ranked) ?? 0, averagePrecision(ranked) ?? 0];
    if (isKept) classes.push({ name, roc, recall, rocAuc: area, averagePrecision: average });
    addLinear(rates, roc);
    addSteps(precisions, recall);
    occurring++;
    areas += area;
    averages += average;
  }
  if (occurring === 0) return null;
  const mean = (sums: Float64Array) => Array.from(sums, (sum, step) => ({ x: step / steps, y: sum / occurring }));
  const macro = {
    roc: [{ x: 0, y: 0 }, ...mean(rates)],
    recall: mean(precisions),
    rocAuc: areas / occurring,
    averagePrecision: averages / occurring,
  };
  return { classes, macro, occurring };
}

/** Between points as the trapezoids of the area have it; where a curve is upright, its upper end. */
function addLinear(sums: Float64Array, points: readonly CurvePoint[]): void {
  let at = 0;
  for (let step = 0; step <= steps; step++) {
    const x = step / steps;
    while ((points[at + 1]?.x ?? Number.POSITIVE_INFINITY) <= x) at++;
    const [left = { x: 0, y: 0 }, right] = [points[at], points[at + 1]];
    const share = right === undefined ? 0 : (x - left.x) / (right.x - left.x);
    sums[step] = (sums[step] ?? 0) + left.y + share * ((right?.y ?? left.y) - left.y);
  }
}

/** The precision of the first point that reaches a recall, as the sum of the average precision has it. */
function addSteps(sums: Float64Array, points: readonly CurvePoint[]): void {
  let at = 0;
  for (let step = 0; step <= steps; step++) {
    while (at < points.length - 1 && (points[at]?.x ?? 0) < step / steps) at++;
    sums[step] = (sums[step] ?? 0) + (points[at]?.y ?? 0);
  }
}
