// A model that never returns, which no check of the file can see: a loop of 2^62 turns. y = x, FP32 [-1,2].
import { create } from '@bufbuild/protobuf';
import type { Signature } from '../../registry/signature.ts';
import { integers, model, node, tensorValue } from '../onnx/build.ts';
import type { OnnxModel } from '../onnx/model-file.ts';
import { GraphProtoSchema } from '../onnx/onnx_pb.ts';

const [float32, int64, bool] = [1, 7, 9];

export const endlessSignature: Signature = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
};

export function endlessModel(): OnnxModel {
  const body = create(GraphProtoSchema, {
    name: 'body',
    input: [
      tensorValue('turn', int64, []),
      tensorValue('goes_on', bool, []),
      tensorValue('before', float32, [null, 2]),
    ],
    output: [tensorValue('still_goes_on', bool, []), tensorValue('after', float32, [null, 2])],
    node: [node('Identity', ['goes_on'], ['still_goes_on']), node('Identity', ['before'], ['after'])],
  });
  return model({
    name: 'endless',
    opsets: { '': 17 },
    inputs: [tensorValue('x', float32, ['batch', 2])],
    outputs: [tensorValue('y', float32, ['batch', 2])],
    nodes: [node('Loop', ['turns', '', 'x'], ['y'], { body: { graph: body } })],
    initializers: [integers('turns', [], [2 ** 62])],
  });
}
