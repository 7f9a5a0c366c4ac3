// How well a binary classifier does: the figures in metrics.json.

export interface Evaluation {
  readonly rows: number;
  readonly failures: number;
  readonly accuracy: number;
  /** Of the alarms, the share that were failures. */
  readonly precision: number;
  /** Of the failures, the share that raised an alarm. */
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
  const confusion = { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 };
  for (const [row, probability] of probabilities.entries()) {
    const isAlarm = probability >= 0.5;
    if (isFailure[row]) confusion[isAlarm ? 'truePositives' : 'falseNegatives']++;
    else confusion[isAlarm ? 'falsePositives' : 'trueNegatives']++;
  }
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = confusion;
  const rows = probabilities.length;
  return {
    rows,
    failures: truePositives + falseNegatives,
    accuracy: rounded((truePositives + trueNegatives) / rows),
    precision: rounded(truePositives / (truePositives + falsePositives)),
    recall: rounded(truePositives / (truePositives + falseNegatives)),
    f1: rounded((2 * truePositives) / (2 * truePositives + falsePositives + falseNegatives)),
    rocAuc: rounded(rocAuc(probabilities, isFailure)),
    confusion,
  };
}

/** By ranks (Mann-Whitney): ties share their mean rank. */
function rocAuc(probabilities: readonly number[], isFailure: readonly boolean[]): number {
  const order = probabilities
    .map((probability, row) => ({ probability, isFailure: isFailure[row] === true }))
    .sort((a, b) => a.probability - b.probability);
  let failures = 0;
  let rankSum = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    let failuresInTie = 0;
    for (; end < order.length && order[end]?.probability === order[start]?.probability; end++) {
      if (order[end]?.isFailure) failuresInTie++;
    }
    failures += failuresInTie;
    rankSum += (failuresInTie * (start + 1 + end)) / 2;
    start = end;
  }
  return (rankSum - (failures * (failures + 1)) / 2) / (failures * (order.length - failures));
}

/** Steps of a ten-thousandth are more than a test split of some ten thousand rows can tell. */
function rounded(value: number): number {
  return Number(value.toFixed(4));
}
