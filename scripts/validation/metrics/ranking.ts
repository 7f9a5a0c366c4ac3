// Figures of the scores behind a classification: curves over all thresholds and the areas under them, log loss, top-k. Under
// scikit-learn's definitions: tied scores are one threshold, average precision is a sum of steps and not interpolated.
// @see https://scikit-learn.org/stable/modules/model_evaluation.html
import { largest } from '../../../registry/extremes.ts';

/** How many rows are taken for positive from one threshold on, and how many of those are. */
export interface OperatingPoint {
  readonly threshold: number;
  readonly truePositives: number;
  readonly falsePositives: number;
}

export interface RankedScores {
  readonly positives: number;
  readonly negatives: number;
  /** From the highest threshold down, one for each different score. */
  readonly points: readonly OperatingPoint[];
}

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
}

/** @param scores higher is more likely positive; as many as `isPositive` */
export function rank(scores: readonly number[], isPositive: readonly boolean[]): RankedScores {
  const order = scores
    .map((score, row) => ({ score, isPositive: isPositive[row] === true }))
    .sort((a, b) => b.score - a.score);
  const points: OperatingPoint[] = [];
  let truePositives = 0;
  let falsePositives = 0;
  for (const [index, { score, isPositive: positive }] of order.entries()) {
    if (positive) truePositives++;
    else falsePositives++;
    if (order[index + 1]?.score === score) continue;
    points.push({ threshold: score, truePositives, falsePositives });
  }
  return { positives: truePositives, negatives: falsePositives, points };
}

/** False positive rate (x) and true positive rate (y), from (0, 0) to (1, 1); null unless both classes are there. */
export function rocCurve({ positives, negatives, points }: RankedScores): CurvePoint[] | null {
  if (positives === 0 || negatives === 0) return null;
  return [
    { x: 0, y: 0 },
    ...points.map(({ truePositives, falsePositives }) => ({
      x: falsePositives / negatives,
      y: truePositives / positives,
    })),
  ];
}

/** Area under the ROC curve: the chance that a positive is ranked above a negative. */
export function rocAuc(ranked: RankedScores): number | null {
  const curve = rocCurve(ranked);
  if (curve === null) return null;
  return curve.slice(1).reduce((area, { x, y }, index) => {
    const before = curve[index] ?? { x: 0, y: 0 };
    return area + ((x - before.x) * (y + before.y)) / 2;
  }, 0);
}

/** Recall (x) and precision (y), from the highest threshold down; null without positives. */
export function precisionRecallCurve({ positives, points }: RankedScores): CurvePoint[] | null {
  if (positives === 0) return null;
  return points.map(({ truePositives, falsePositives }) => ({
    x: truePositives / positives,
    y: truePositives / (truePositives + falsePositives),
  }));
}

export function averagePrecision(ranked: RankedScores): number | null {
  const curve = precisionRecallCurve(ranked);
  if (curve === null) return null;
  return curve.reduce((area, { x, y }, index) => area + (x - (curve[index - 1]?.x ?? 0)) * y, 0);
}

/** The least share that a probability is taken for, as in scikit-learn: else one wrong certainty would be infinite. */
const leastShare = Number.EPSILON;

/** Mean of -ln of the share given to the true class. @param shares per row and class; rows are scaled to add up to 1 */
export function logLoss(shares: readonly (readonly number[])[], truth: readonly number[]): number {
  const total = shares.reduce((sum, row, index) => {
    const whole = row.reduce((left, right) => left + right, 0);
    const given = (row[truth[index] ?? -1] ?? 0) / whole;
    return sum - Math.log(Math.min(1 - leastShare, Math.max(leastShare, given)));
  }, 0);
  return total / shares.length;
}

/** Share of rows whose true class is among the k with the highest scores; of ties the later class counts as higher, as in scikit-learn. */
export function topK(scores: readonly (readonly number[])[], truth: readonly number[], k: number): number {
  const found = scores.filter((row, index) => {
    const truly = truth[index] ?? -1;
    const own = row[truly] ?? Number.NEGATIVE_INFINITY;
    return row.filter((score, at) => score > own || (score === own && at > truly)).length < k;
  });
  return found.length / scores.length;
}

/** Scores without bounds to shares of 1. */
export function softmax(scores: readonly number[]): number[] {
  const most = largest(scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const sum = powers.reduce((left, right) => left + right, 0);
  return powers.map((power) => power / sum);
}
