// Random inputs in the ranges of given ones, the same at every publication of a model.
import { largest, smallest } from '../../../registry/extremes.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import { Random } from '../../random.ts';

/** @param given FP32 inputs; each drawn one has the shapes of the first, and values between the least and the largest of all */
export function* randomInputs(given: readonly (readonly Tensor[])[]): Generator<readonly Tensor[], never> {
  const random = new Random(4);
  const ranges = (given[0] ?? []).map((input, index) => {
    const values = given.map((inputs) => floatsOf(inputs[index] ?? input));
    const [low, high] = [smallest(values.map(smallest)), largest(values.map((each) => largest(each)))];
    return { input, length: floatsOf(input).length, low, high };
  });
  for (;;) {
    yield ranges.map(({ input, length, low, high }) => {
      const drawn = Float32Array.from({ length }, () => low + (high - low) * random.uniform());
      return { ...input, data: new Uint8Array(drawn.buffer) };
    });
  }
}

export function floatsOf({ name, data }: Tensor): Float32Array {
  if (!(data instanceof Uint8Array)) throw new Error(`'${name}': expected FP32`);
  return new Float32Array(data.slice().buffer as ArrayBuffer);
}
