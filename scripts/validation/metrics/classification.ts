// Figures of a classifier from its confusion matrix, under scikit-learn's definitions and names.
// @see https://scikit-learn.org/stable/modules/model_evaluation.html#classification-metrics

/** Rows: the true class; columns: the predicted one. */
export type ConfusionMatrix = readonly (readonly number[])[];

export interface ClassFigures {
  /** Share of the rows taken for this class that is right; 0 if none was. */
  readonly precision: number;
  /** Share of the rows of this class that was found; 0 if there are none. */
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

/** Rows of each class: found, truly of it, taken for it. */
export interface ClassCounts {
  readonly right: ArrayLike<number>;
  readonly support: ArrayLike<number>;
  readonly predicted: ArrayLike<number>;
}

export function classCounts(matrix: ConfusionMatrix): ClassCounts {
  const predicted = new Float64Array(matrix.length);
  for (const row of matrix)
    for (const [taken, count] of row.entries()) predicted[taken] = (predicted[taken] ?? 0) + count;
  return { right: matrix.map((row, index) => row[index] ?? 0), support: matrix.map(sum), predicted };
}

/** As {@link classCounts}, of rows that count several times or not at all. */
export function weightedCounts(
  truth: Int32Array,
  predicted: Int32Array,
  classes: number,
  weights: ArrayLike<number>,
): ClassCounts {
  const counts = {
    right: new Float64Array(classes),
    support: new Float64Array(classes),
    predicted: new Float64Array(classes),
  };
  for (let row = 0; row < truth.length; row++) {
    const weight = weights[row] ?? 0;
    const truly = truth[row] ?? 0;
    const taken = predicted[row] ?? 0;
    counts.support[truly] = (counts.support[truly] ?? 0) + weight;
    counts.predicted[taken] = (counts.predicted[taken] ?? 0) + weight;
    if (taken === truly) counts.right[truly] = (counts.right[truly] ?? 0) + weight;
  }
  return counts;
}

export function classFigures({ right, support, predicted }: ClassCounts): ClassFigures[] {
  return Array.from(right, (found, index) => {
    const [own, taken] = [support[index] ?? 0, predicted[index] ?? 0];
    return {
      precision: share(found, taken),
      recall: share(found, own),
      f1: share(2 * found, own + taken),
      support: own,
      predicted: taken,
    };
  });
}

export function accuracy({ right, support }: ClassCounts): number {
  return share(sum(Array.from(right)), sum(Array.from(support)));
}

/**
 * Means over the classes that occur, in truth or prediction: `macro` counts each class once, `weighted` by its support.
 */
export function averaged(counts: ClassCounts): Record<string, number> {
  const figures = classFigures(counts).filter(({ support, predicted }) => support + predicted > 0);
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
