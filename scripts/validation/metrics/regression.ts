// Figures of a regression, under scikit-learn's definitions.
// @see https://scikit-learn.org/stable/modules/model_evaluation.html#regression-metrics

export interface RegressionFigures {
  /** Mean absolute error. */
  readonly mae: number;
  /** Root of the mean squared error. */
  readonly rmse: number;
  /** Share of the variance that is explained; negative for a model that is worse than the mean. */
  readonly r2: number;
}

export function regressionFigures(truth: readonly number[], predicted: readonly number[]): RegressionFigures {
  const rows = truth.length;
  const mean = truth.reduce((sum, value) => sum + value, 0) / rows;
  let [absolute, squared, spread] = [0, 0, 0];
  for (const [row, value] of truth.entries()) {
    const error = (predicted[row] ?? Number.NaN) - value;
    absolute += Math.abs(error);
    squared += error ** 2;
    spread += (value - mean) ** 2;
  }
  // The mean of equal values is not always one of them, so their spread is not always 0.
  const isConstant = truth.every((value) => value === truth[0]);
  const r2 = isConstant || spread === 0 ? (squared === 0 ? 1 : 0) : 1 - squared / spread;
  return { mae: absolute / rows, rmse: Math.sqrt(squared / rows), r2 };
}
