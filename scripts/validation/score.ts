// From predictions to figures: those that the task is judged by, and why one of them is not there.
import type { Metrics } from '../../registry/evaluation.ts';
import {
  accuracy,
  averaged,
  type ClassCounts,
  type ConfusionMatrix,
  classCounts,
  classFigures,
  confusionMatrix,
} from './metrics/classification.ts';
import { averagePrecision, logLoss, type RankedScores, rank, rocAuc, topK } from './metrics/ranking.ts';
import { regressionFigures } from './metrics/regression.ts';
import type { Classification, Predictions, Regression } from './task.ts';

/** Which k of top-k are worth a figure, for so many classes. */
export const topSteps = [3, 5];
/** How far from 1 the probabilities of a row may add up to. */
const sumTolerance = 1e-3;

/** All digits of the figures that are defined, and the reasons of those that are not. */
export interface Figures {
  readonly figures: Readonly<Record<string, number>>;
  readonly absent: Readonly<Record<string, string>>;
}

/** The figures of a task as they are kept and shown. */
export function score(predictions: Predictions): Metrics {
  return rounded(figuresOf(predictions).figures);
}

/** Six digits: more than any test of less than a million rows can tell. */
export function rounded(figures: Readonly<Record<string, number>>): Metrics {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number(value.toPrecision(6))]));
}

export function figuresOf(predictions: Predictions): Figures {
  if (predictions.task === 'regression') return regressionOf(predictions);
  const counts = classCounts(confusionOf(predictions));
  const figures = predictions.task === 'binary' ? binaryFigures(predictions, counts) : averaged(counts);
  return sorted({ accuracy: accuracy(counts), ...figures, ...scoreFigures(predictions) });
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

/** The first row whose scores are no probabilities; -1 where all are. */
export function firstWithoutShares(scores: readonly (readonly number[])[]): number {
  return scores.findIndex((row) => {
    const sum = row.reduce((left, right) => left + right, 0);
    return !(row.every((share) => share >= 0) && Math.abs(sum - 1) <= sumTolerance);
  });
}

function regressionOf({ truth, predicted, outputs }: Regression): Figures {
  const odd = predicted.findIndex((value) => !Number.isFinite(value));
  if (odd !== -1) {
    const reason = `output '${outputs.value}' is ${predicted[odd]} in row ${odd + 1}`;
    return { figures: {}, absent: { mae: reason, rmse: reason, r2: reason } };
  }
  const { mae, rmse, r2 } = regressionFigures(truth, predicted);
  return sorted({ mae, rmse, r2: truth.length < 2 ? 'one row has no variance' : r2 });
}

function binaryFigures({ positive }: Classification, counts: ClassCounts): Record<string, number> {
  const { precision = 0, recall = 0, f1 = 0 } = classFigures(counts)[positive ?? 1] ?? {};
  const { f1_macro = 0, f1_weighted = 0 } = averaged(counts);
  return { precision, recall, f1, f1_macro, f1_weighted };
}

/** A text is the reason why there is no figure. */
function scoreFigures(predictions: Classification): Record<string, number | string> {
  const { scores, truth, positive, unscored } = predictions;
  if (scores === null) {
    const reason = unscored ?? 'no output holds scores of the classes';
    return { roc_auc: reason, ...(positive === null ? {} : { average_precision: reason }), log_loss: reason };
  }
  const ranked = positive === null ? null : rankedFor(predictions, positive);
  const areas =
    ranked === null
      ? { roc_auc: macroArea(predictions) }
      : {
          roc_auc: rocAuc(ranked) ?? onlyClass(predictions),
          average_precision: averagePrecision(ranked) ?? onlyClass(predictions),
        };
  const odd = firstWithoutShares(scores);
  const sum = scores[odd]?.reduce((left, right) => left + right, 0) ?? 0;
  const noShares = `the scores are no probabilities: those of row ${odd + 1} add up to ${shown(sum)}, or one is negative`;
  const steps = topSteps.filter((k) => k < (scores[0]?.length ?? 0));
  const tops = steps.map((k) => [`top_${k}`, topK(scores, truth, k)] as const);
  return { ...areas, log_loss: odd === -1 ? logLoss(scores, truth) : noShares, ...Object.fromEntries(tops) };
}

function onlyClass({ truth, classes }: Classification): string {
  return `only class '${classes[truth[0] ?? 0]}' occurs in the truth`;
}

/** Mean over the classes of the scores of the area of each against the rest. */
function macroArea(predictions: Classification): number | string {
  const width = predictions.scores?.[0]?.length ?? 0;
  let total = 0;
  for (let index = 0; index < width; index++) {
    const ranked = rankedFor(predictions, index);
    const area = ranked === null ? null : rocAuc(ranked);
    if (area === null) {
      const name = predictions.classes[index];
      return ranked?.negatives === 0
        ? `only class '${name}' occurs in the truth`
        : `class '${name}' does not occur in the truth`;
    }
    total += area;
  }
  return total / width;
}

function sorted(all: Readonly<Record<string, number | string>>): Figures {
  const figures: Record<string, number> = {};
  const absent: Record<string, string> = {};
  for (const [name, value] of Object.entries(all)) {
    if (typeof value === 'string') absent[name] = value;
    else figures[name] = value;
  }
  return { figures, absent };
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}
