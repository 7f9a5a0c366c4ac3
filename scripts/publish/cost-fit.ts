// The cost of a run as a function of its size, from the runs that were measured: a sum of powers of the number of elements without
// negative terms, so that it never falls and bends only upwards.

/** The measured cost of one run. */
export interface CostPoint {
  /** Elements of all inputs that vary, together. */
  readonly elements: number;
  readonly cost: number;
}

/** A constant, one pass over the elements, a product of square matrices, pairs of elements, and worse. */
const powers = [0, 1, 1.5, 2, 3] as const;

/**
 * Fits by least squares of the relative error, and lifts the curve where it would lie below the largest run.
 * @param points at least one; costs above 0
 * @returns the expected cost at a number of elements
 */
export function fitCost(points: readonly CostPoint[]): (elements: number) => number {
  const unit = points.reduce((most, { elements }) => Math.max(most, elements), 1);
  const rows = points.map(({ elements, cost }) => powers.map((power) => (elements / unit) ** power / cost));
  const factors = leastSquares(rows);
  const curve = (elements: number) =>
    powers.reduce<number>((sum, power, at) => sum + (factors[at] ?? 0) * (elements / unit) ** power, 0);
  const largest = points.reduce((best, point) => (point.elements >= best.elements ? point : best));
  const lift = Math.max(1, largest.cost / Math.max(curve(largest.elements), Number.MIN_VALUE));
  return (elements) => curve(elements) * lift;
}

/**
 * Factors without a negative one for which the rows come nearest to 1. With so few columns every choice of them is tried: the best of
 * those whose own solution has no negative factor is the best of all.
 */
function leastSquares(rows: readonly (readonly number[])[]): number[] {
  let best: { factors: number[]; error: number } = { factors: powers.map(() => 0), error: rows.length };
  for (let choice = 1; choice < 2 ** powers.length; choice++) {
    const columns = powers.flatMap((_, at) => ((choice >> at) & 1 ? [at] : []));
    const solution = solve(rows, columns);
    if (solution === null || solution.some((factor) => factor < 0)) continue;
    const factors = powers.map((_, at) => solution[columns.indexOf(at)] ?? 0);
    const error = rows.reduce((sum, row) => sum + (1 - dot(row, factors)) ** 2, 0);
    // If two are as good, the earlier has fewer or lower powers.
    if (error < best.error * (1 - 1e-6)) best = { factors, error };
  }
  return best.factors;
}

/** Solves the normal equations of some columns by elimination; null where they do not determine a solution. */
function solve(rows: readonly (readonly number[])[], columns: readonly number[]): number[] | null {
  const column = (at: number) => rows.map((row) => row[at] ?? 0);
  const matrix = columns.map((own) => [
    ...columns.map((other) => dot(column(own), column(other))),
    column(own).reduce((sum, value) => sum + value, 0),
  ]);
  for (const [step, pivot] of matrix.entries()) {
    const divisor = pivot[step] ?? 0;
    const scale = dot(column(columns[step] ?? 0), column(columns[step] ?? 0));
    if (!(divisor > scale * 1e-12)) return null;
    for (const [index, row] of matrix.entries()) {
      if (index === step) continue;
      const share = (row[step] ?? 0) / divisor;
      for (const [at, value] of pivot.entries()) row[at] = (row[at] ?? 0) - share * value;
    }
  }
  return matrix.map((row, step) => (row.at(-1) ?? 0) / (row[step] ?? 1));
}

function dot(left: readonly number[], right: readonly number[]): number {
  return left.reduce((sum, value, at) => sum + value * (right[at] ?? 0), 0);
}

/**
 * @param from is known to pass
 * @returns the largest whole number from `from` to `to` that passes, if all below it pass too
 */
export function largestPassing(from: number, to: number, passes: (value: number) => boolean): number {
  let [low, high] = [from, Math.max(from, to)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (passes(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
