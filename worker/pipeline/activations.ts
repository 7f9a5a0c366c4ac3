// From a model's raw values to scores.
import { largest } from '../../registry/extremes.ts';
import type { Classification } from '../../registry/pipeline/classify.ts';

/** Each takes the values of one row and gives as many scores. */
export const activations: Readonly<Record<Classification['activation'], (values: Float64Array) => Float64Array>> = {
  softmax,
  sigmoid: (values) => values.map((value) => 1 / (1 + Math.exp(-value))),
  none: (values) => values,
};

/** Less the largest first, so that no power overflows. */
function softmax(values: Float64Array): Float64Array {
  const most = largest(values);
  const powers = values.map((value) => Math.exp(value - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
