// From a model's raw values to scores.
import type { Classification } from '../../registry/pipeline/classify.ts';

/** Each puts the scores of one row in place of its values, and returns it: a detector has thousands of rows. */
export const activations: Readonly<Record<Classification['activation'], (values: Float64Array) => Float64Array>> = {
  softmax,
  sigmoid,
  none: (values) => values,
};

function sigmoid(values: Float64Array): Float64Array {
  for (let index = 0; index < values.length; index++) values[index] = 1 / (1 + Math.exp(-(values[index] as number)));
  return values;
}

/** Less the largest first, so that no power overflows. */
function softmax(values: Float64Array): Float64Array {
  let most = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < values.length; index++) most = Math.max(most, values[index] as number);
  let sum = 0;
  for (let index = 0; index < values.length; index++) {
    const power = Math.exp((values[index] as number) - most);
    values[index] = power;
    sum += power;
  }
  for (let index = 0; index < values.length; index++) values[index] = (values[index] as number) / sum;
  return values;
}
