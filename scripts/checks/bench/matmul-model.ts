// y = x W with W of a wanted size: a model that is nearly all weights.
import { mebibyte } from '../../../registry/mebibytes.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import { floats, model, node, tensorValue } from '../../onnx/build.ts';
import { writeModel } from '../../onnx/model-file.ts';

const float32 = 1;

/** @returns the model and an input of `batch` rows; the same arguments give the same bytes */
export function matmulModel(weightMib: number, batch: number): { onnx: Uint8Array<ArrayBuffer>; inputs: Tensor[] } {
  const side = Math.round(Math.sqrt((weightMib * mebibyte) / 4));
  const weights = pseudoRandom(side * side);
  const onnx = writeModel(
    model({
      name: 'matmul',
      opsets: { '': 17 },
      inputs: [tensorValue('x', float32, ['batch', side])],
      outputs: [tensorValue('y', float32, ['batch', side])],
      nodes: [node('MatMul', ['x', 'w'], ['y'])],
      initializers: [floats('w', [side, side], weights)],
    }),
  );
  const data = new Uint8Array(pseudoRandom(batch * side).buffer);
  return { onnx, inputs: [{ name: 'x', datatype: 'FP32', shape: [batch, side], data }] };
}

/** Between -0.05 and 0.05, of a linear congruential generator. */
function pseudoRandom(count: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count);
  let state = 1;
  for (let index = 0; index < count; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    values[index] = (state / 2 ** 32 - 0.5) / 10;
  }
  return values;
}
