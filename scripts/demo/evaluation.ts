// How well a binary classifier does: the figures in metrics.json.
import { accuracy, classCounts, classFigures, confusionMatrix } from '../validation/metrics/classification.ts';
import { rank, rocAuc } from '../validation/metrics/ranking.ts';

export interface Evaluation {
  readonly rows: number;
  readonly failures: number;
  readonly accuracy: number;
  /** Share of the alarms that were failures. */
  readonly precision: number;
  /** Share of the failures that raised an alarm. */
  readonly recall: number;
  readonly f1: number;
  /** The chance that a failure is ranked above a machine that runs on. */
  readonly rocAuc: number;
  readonly confusion: {
    readonly truePositives: number;
    readonly falsePositives: number;
    readonly falseNegatives: number;
    readonly trueNegatives: number;
  };
}

/** @param probabilities of failure; from 0.5 on it is an alarm */
export function evaluate(probabilities: readonly number[], isFailure: readonly boolean[]): Evaluation {
  const isAlarm = probabilities.map((probability) => probability >= 0.5);
  const matrix = confusionMatrix(isFailure.map(Number), isAlarm.map(Number), 2);
  const [[trueNegatives = 0, falsePositives = 0] = [], [falseNegatives = 0, truePositives = 0] = []] = matrix;
  const counts = classCounts(matrix);
  const [, figures] = classFigures(counts);
  const { precision = 0, recall = 0, f1 = 0, support = 0 } = figures ?? {};
  return {
    rows: probabilities.length,
    failures: support,
    accuracy: rounded(accuracy(counts)),
    precision: rounded(precision),
    recall: rounded(recall),
    f1: rounded(f1),
    rocAuc: rounded(rocAuc(rank(probabilities, isFailure)) ?? Number.NaN),
    confusion: { truePositives, falsePositives, falseNegatives, trueNegatives },
  };
}

/** Steps of a ten-thousandth are more than a test split of some ten thousand rows can tell. */
function rounded(value: number): number {
  return Number(value.toFixed(4));
}
