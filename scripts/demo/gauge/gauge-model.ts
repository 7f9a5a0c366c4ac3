// The trained net as ONNX: a batch of pictures in, the share of each reading out.
//
//   pixels [batch,3,48,48] FP32, RGB of -1 to 1 -> shares [batch,3] FP32 of low, normal and high
import { floats, model, node, tensorValue } from '../../onnx/build.ts';
import { writeModel } from '../../onnx/model-file.ts';
import type { NodeProto, TensorProto } from '../../onnx/onnx_pb.ts';
import { TensorProto_DataType } from '../../onnx/onnx_pb.ts';
import type { Net } from './conv-net.ts';

/** The bytes of the .onnx file; the same net gives the same bytes. */
export function exportGaugeModel(
  { layers }: Net,
  side: number,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const nodes: NodeProto[] = [];
  const initializers: TensorProto[] = [];
  let current = 'pixels';
  for (const [index, { kind, inputs, outputs, weights, bias }] of layers.entries()) {
    const [weightName, biasName, sum] = [`weight_${index}`, `bias_${index}`, `sum_${index}`];
    if (kind === 'convolution') {
      initializers.push(floats(weightName, [outputs, inputs, 3, 3], weights));
      // The border at the far end is needed for an odd side only; zeros that nothing is made of change nothing.
      const attributes = { strides: { ints: [2, 2] }, pads: { ints: [1, 1, 1, 1] }, kernel_shape: { ints: [3, 3] } };
      nodes.push(node('Conv', [current, weightName, biasName], [sum], attributes));
    } else {
      initializers.push(floats(weightName, [outputs, inputs], weights));
      if (layers[index - 1]?.kind === 'convolution') {
        nodes.push(node('Flatten', [current], ['flat']));
        current = 'flat';
      }
      nodes.push(node('Gemm', [current, weightName, biasName], [sum], { transB: { int: 1 } }));
    }
    initializers.push(floats(biasName, [outputs], bias));
    const isLast = index === layers.length - 1;
    current = isLast ? 'shares' : `layer_${index}`;
    nodes.push(isLast ? node('Softmax', [sum], [current], { axis: { int: 1 } }) : node('Relu', [sum], [current]));
  }
  const { FLOAT } = TensorProto_DataType;
  const exported = model({
    name: 'gauge',
    irVersion: 8,
    opsets: { '': 17 },
    inputs: [tensorValue('pixels', FLOAT, ['batch', 3, side, side])],
    outputs: [tensorValue('shares', FLOAT, ['batch', layers.at(-1)?.outputs ?? 0])],
    nodes,
    initializers,
    metadata,
  });
  return writeModel(exported);
}
