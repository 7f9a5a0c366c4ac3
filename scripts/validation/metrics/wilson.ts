// Wilson's score interval of a share: holds for few rows and for shares of 0 and 1 as well.
// @see https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval

/** Of the normal distribution, for 95 % in the middle. */
export const z95 = 1.959963984540054;

export type Interval = readonly [low: number, high: number];

/**
 * @param part how many of `whole`; need not be an integer
 * @returns null of nothing
 */
export function wilson(part: number, whole: number): Interval | null {
  if (whole <= 0) return null;
  const share = part / whole;
  const scale = 1 + z95 ** 2 / whole;
  const centre = (share + z95 ** 2 / (2 * whole)) / scale;
  const half = (z95 / scale) * Math.sqrt((share * (1 - share)) / whole + z95 ** 2 / (4 * whole ** 2));
  return [Math.max(0, Math.min(share, centre - half)), Math.min(1, Math.max(share, centre + half))];
}
