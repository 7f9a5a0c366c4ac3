// The largest and the smallest of any number of values. `Math.max(...values)` puts each of them on the stack, which overflows
// beyond some 120,000.

/** @returns NaN if any is; `least` where nothing is larger */
export function largest(values: Iterable<number>, least = Number.NEGATIVE_INFINITY): number {
  let found = least;
  for (const value of values) found = Math.max(found, value);
  return found;
}

/** @returns NaN if any is; Infinity where there are none */
export function smallest(values: Iterable<number>): number {
  let found = Number.POSITIVE_INFINITY;
  for (const value of values) found = Math.min(found, value);
  return found;
}
