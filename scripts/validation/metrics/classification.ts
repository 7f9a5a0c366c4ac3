// Figures of a classifier from its confusion matrix, under scikit-learn's definitions and names.
// @see https://scikit-learn.org/stable/modules/model_evaluation.html#classification-metrics

/** Rows: the true class; columns: the predicted one. */
export type ConfusionMatrix = readonly (readonly number[])[];

export interface ClassFigures {
  /** Of what was taken for this class, the share that was right; 0 if nothing was. */
  readonly precision: number;
  /** Of what is of this class, the share that was found; 0 if nothing is. */
  readonly recall: number;
  readonly f1: number;
  /** Rows that are of this class. */
  readonly support: number;
  /** Rows that were taken for this class. */
  readonly predicted: number;
}

/** @param truth indices of classes, as many as `predicted` */
export function confusionMatrix(truth: readonly number[], predicted: readonly number[], classes: number): number[][] {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (const [row, truly] of truth.entries()) {
    const counts = matrix[truly];
    const taken = predicted[row];
    if (counts === undefined || taken === undefined || counts[taken] === undefined) {
      throw new RangeError(`row ${row}: expected classes below ${classes}, got ${truly} and ${taken}`);
    }
    counts[taken]++;
  }
  return matrix;
}

export function classFigures(matrix: ConfusionMatrix): ClassFigures[] {
  return matrix.map((row, index) => {
    const right = row[index] ?? 0;
    const support = sum(row);
    const predicted = sum(matrix.map((other) => other[index] ?? 0));
    return {
      precision: share(right, predicted),
      recall: share(right, support),
      f1: share(2 * right, support + predicted),
      support,
      predicted,
    };
  });
}

export function accuracy(matrix: ConfusionMatrix): number {
  return share(sum(matrix.map((row, index) => row[index] ?? 0)), sum(matrix.flat()));
}

/**
 * Means over the classes that occur, in truth or prediction: `macro` counts each class once, `weighted` by its support.
 */
export function averaged(matrix: ConfusionMatrix): Record<string, number> {
  const figures = classFigures(matrix).filter(({ support, predicted }) => support + predicted > 0);
  const rows = sum(figures.map(({ support }) => support));
  const means = (['precision', 'recall', 'f1'] as const).flatMap((name) => [
    [`${name}_macro`, share(sum(figures.map((each) => each[name])), figures.length)],
    [`${name}_weighted`, share(sum(figures.map((each) => each[name] * each.support)), rows)],
  ]);
  return Object.fromEntries(means);
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
