// y = mean of x: a model that is nearly all input, so that what is measured is its way there.
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import { model, node, tensorValue } from '../../onnx/build.ts';
import { writeModel } from '../../onnx/model-file.ts';

const float32 = 1;

/** @returns the model and an input of one row of `elements`, of the precision that sensors have */
export function reduceModel(elements: number): { onnx: Uint8Array<ArrayBuffer>; inputs: Tensor[] } {
  const onnx = writeModel(
    model({
      name: 'reduce',
      opsets: { '': 17 },
      inputs: [tensorValue('x', float32, ['batch', elements])],
      outputs: [tensorValue('y', float32, ['batch', 1])],
      nodes: [node('ReduceMean', ['x'], ['y'], { axes: { ints: [1] } })],
    }),
  );
  const values = Float32Array.from({ length: elements }, (_, index) => Math.sin(index) * 100);
  return { onnx, inputs: [{ name: 'x', datatype: 'FP32', shape: [1, elements], data: new Uint8Array(values.buffer) }] };
}
