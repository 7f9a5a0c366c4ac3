// Medians and spreads. A benchmark on a machine with other work has outliers: nothing here takes a mean.

export interface Summary {
  readonly median: number;
  /** Quartiles. */
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** @throws Error for no values: a figure without a measurement must not be printed */
export function summarise(values: readonly number[]): Summary {
  if (values.length === 0) throw new Error('nothing was measured');
  return {
    median: quantile(values, 0.5),
    low: quantile(values, 0.25),
    high: quantile(values, 0.75),
    count: values.length,
  };
}

/** Linear between the two nearest values. @param share 0 to 1 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** The median of the ratios of each round: what the contestants have in common in a round (a busy machine) falls out. */
export function pairedRatio(values: readonly number[], reference: readonly number[]): Summary {
  if (values.length !== reference.length) {
    throw new Error(`expected as many rounds on both sides, got ${values.length} and ${reference.length}`);
  }
  return summarise(values.map((value, round) => value / (reference[round] ?? Number.NaN)));
}
