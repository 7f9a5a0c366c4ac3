// The upper tail of the chi-squared distribution: how large a statistic may become by chance.

/**
 * The natural logarithm of the gamma function for x > 0, to 15 digits.
 * @see C. Lanczos (1964); coefficients for g = 7, n = 9 by P. Godfrey
 */
function logGamma(x: number): number {
  let sum = 0.99999999999980993;
  for (const [index, coefficient] of lanczos.entries()) sum += coefficient / (x + index);
  const base = x + 6.5;
  return (x - 0.5) * Math.log(base) - base + Math.log(Math.sqrt(2 * Math.PI) * sum);
}

const lanczos = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/**
 * The chance that a chi-squared variable exceeds a value.
 * @param freedom the degrees of freedom, at least 1
 * @see https://dlmf.nist.gov/8.11 (series below the mean), https://dlmf.nist.gov/8.9 (continued fraction above, by Lentz)
 */
export function chiSquaredTail(value: number, freedom: number): number {
  if (value <= 0) return 1;
  const [a, x] = [freedom / 2, value / 2];
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  return x < a + 1 ? 1 - (scale * lowerSeries(a, x)) / a : scale * upperFraction(a, x);
}

/**
 * The value that a chi-squared variable exceeds with the given chance: the inverse of {@link chiSquaredTail}.
 * @param chance above 0, below 1
 */
export function chiSquaredLimit(chance: number, freedom: number): number {
  let [low, high] = [0, freedom + 10];
  while (chiSquaredTail(high, freedom) > chance) [low, high] = [high, 2 * high];
  while (high - low > 1e-10 * high) {
    const middle = (low + high) / 2;
    if (chiSquaredTail(middle, freedom) > chance) low = middle;
    else high = middle;
  }
  return high;
}

function lowerSeries(a: number, x: number): number {
  let [term, sum] = [1, 1];
  for (let n = 1; term > sum * 1e-16; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

function upperFraction(a: number, x: number): number {
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < 10_000; n++) {
    const numerator = -n * (n - a);
    b += 2;
    d = 1 / (numerator * d + b || tiny);
    c = b + numerator / c || tiny;
    fraction *= c * d;
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return fraction;
}
