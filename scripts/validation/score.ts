// From predictions to figures: those that the task is judged by, rounded as they are kept and shown.
import type { Metrics } from '../../registry/evaluation.ts';
import { accuracy, averaged, type ConfusionMatrix, classFigures, confusionMatrix } from './metrics/classification.ts';
import { averagePrecision, logLoss, type RankedScores, rank, rocAuc, softmax, topK } from './metrics/ranking.ts';
import { regressionFigures } from './metrics/regression.ts';
import type { Classification, Predictions } from './task.ts';

/** Which k of top-k are worth a figure, for so many classes. */
const topSteps = [3, 5];

/** The figures of a task; one that is not defined (an area with one class only) is left out. */
export function score(predictions: Predictions): Metrics {
  if (predictions.task === 'regression') {
    return rounded({ ...regressionFigures(predictions.truth, predictions.predicted) });
  }
  const matrix = confusionOf(predictions);
  const figures = predictions.task === 'binary' ? binaryFigures(predictions, matrix) : averaged(matrix);
  return rounded({ accuracy: accuracy(matrix), ...figures, ...scoreFigures(predictions) });
}

export function confusionOf({ truth, predicted, classes }: Classification): ConfusionMatrix {
  return confusionMatrix(truth, predicted, classes.length);
}

/** The scores of one class against all others. */
export function rankedFor({ scores, truth }: Classification, index: number): RankedScores | null {
  if (scores === null) return null;
  return rank(
    scores.map((row) => row[index] ?? Number.NEGATIVE_INFINITY),
    truth.map((truly) => truly === index),
  );
}

function binaryFigures({ positive }: Classification, matrix: ConfusionMatrix): Record<string, number> {
  const { precision = 0, recall = 0, f1 = 0 } = classFigures(matrix)[positive ?? 1] ?? {};
  const { f1_macro = 0, f1_weighted = 0 } = averaged(matrix);
  return { precision, recall, f1, f1_macro, f1_weighted };
}

function scoreFigures(predictions: Classification): Record<string, number | null> {
  const { scores, truth, classes, positive } = predictions;
  if (scores === null) return {};
  const ranked = positive === null ? null : rankedFor(predictions, positive);
  const areas =
    ranked === null
      ? { roc_auc: macroArea(predictions) }
      : { roc_auc: rocAuc(ranked), average_precision: averagePrecision(ranked) };
  const steps = topSteps.filter((k) => k < classes.length);
  const tops = steps.map((k) => [`top_${k}`, topK(scores, truth, k)] as const);
  return { ...areas, log_loss: logLoss(sharesOf(scores), truth), ...Object.fromEntries(tops) };
}

/** Mean over all classes of the area of each against the rest; null if one of them does not occur. */
function macroArea(predictions: Classification): number | null {
  const areas = predictions.classes.map((_, index) => {
    const ranked = rankedFor(predictions, index);
    return ranked === null ? null : rocAuc(ranked);
  });
  if (areas.includes(null)) return null;
  return areas.reduce<number>((sum, area) => sum + (area ?? 0), 0) / areas.length;
}

/** Scores that are no probabilities (they are negative, or do not add up to 1) are taken for logits. */
function sharesOf(scores: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const areShares = scores.every((row) => {
    const sum = row.reduce((left, right) => left + right, 0);
    return row.every((share) => share >= 0) && Math.abs(sum - 1) <= 1e-3;
  });
  return areShares ? scores : scores.map(softmax);
}

function rounded(figures: Readonly<Record<string, number | null>>): Metrics {
  const known = Object.entries(figures).filter((entry): entry is [string, number] => Number.isFinite(entry[1]));
  return Object.fromEntries(known.map(([name, value]) => [name, Number(value.toPrecision(6))]));
}
