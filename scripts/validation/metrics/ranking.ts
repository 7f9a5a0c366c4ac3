// Figures of the scores behind a classification: curves over all thresholds and the areas under them, log loss, top-k. Under
// scikit-learn's definitions: tied scores are one threshold, average precision is a sum of steps and not interpolated.
// @see https://scikit-learn.org/stable/modules/model_evaluation.html

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

/** Scores in their order, to rank them again and again with other weights. */
export interface Order {
  /** Rows from the highest score down. */
  readonly rows: Uint32Array;
  /** Is the score of this place that of the next one as well? */
  readonly isTied: Uint8Array;
  readonly isPositive: Uint8Array;
}

export function orderOf(scores: readonly number[], isPositive: readonly boolean[]): Order {
  const at = (row: number) => scores[row] ?? Number.NEGATIVE_INFINITY;
  const rows = Uint32Array.from(scores.keys()).sort((a, b) => at(b) - at(a));
  return {
    rows,
    isTied: Uint8Array.from(rows, (row, place) =>
      Number(place + 1 < rows.length && at(rows[place + 1] ?? 0) === at(row)),
    ),
    isPositive: Uint8Array.from(rows, (row) => Number(isPositive[row] === true)),
  };
}

/** Area under the ROC curve and average precision of rows that count several times or not at all; null where they are not defined. */
export function weightedAreas({ rows, isTied, isPositive }: Order, weights: ArrayLike<number>) {
  let [area, precisions, found, wrong, foundBefore, wrongBefore] = [0, 0, 0, 0, 0, 0];
  for (let place = 0; place < rows.length; place++) {
    const weight = weights[rows[place] ?? 0] ?? 0;
    if (isPositive[place] === 1) found += weight;
    else wrong += weight;
    if (isTied[place] === 1) continue;
    area += ((wrong - wrongBefore) * (found + foundBefore)) / 2;
    if (found > foundBefore) precisions += ((found - foundBefore) * found) / (found + wrong);
    [foundBefore, wrongBefore] = [found, wrong];
  }
  return {
    roc: found === 0 || wrong === 0 ? null : area / (found * wrong),
    precision: found === 0 ? null : precisions / found,
  };
}

/** The least share that a probability is taken for, as in scikit-learn: else one wrong certainty would be infinite. */
const leastShare = Number.EPSILON;

/** -ln of the share given to the true class, row by row. @param shares per row and class; rows are scaled to add up to 1 */
export function logLosses(shares: readonly (readonly number[])[], truth: readonly number[]): number[] {
  return shares.map((row, index) => {
    const whole = row.reduce((left, right) => left + right, 0);
    const given = (row[truth[index] ?? -1] ?? 0) / whole;
    return -Math.log(Math.min(1 - leastShare, Math.max(leastShare, given)));
  });
}

/** Mean of {@link logLosses}. */
export function logLoss(shares: readonly (readonly number[])[], truth: readonly number[]): number {
  return logLosses(shares, truth).reduce((sum, loss) => sum + loss, 0) / shares.length;
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
