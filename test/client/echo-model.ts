// A model with an input and an output of every datatype that the runtime carries, each output its input.
import type { Datatype, Signature } from '../../registry/signature.ts';
import { model, node, tensorValue } from '../../scripts/onnx/build.ts';
import { TensorProto_DataType as Type } from '../../scripts/onnx/onnx_pb.ts';
import { publication, type SmallPublication } from '../harness/small-models.ts';

export const echoed = {
  BOOL: Type.BOOL,
  UINT8: Type.UINT8,
  UINT16: Type.UINT16,
  UINT32: Type.UINT32,
  UINT64: Type.UINT64,
  INT8: Type.INT8,
  INT16: Type.INT16,
  INT32: Type.INT32,
  INT64: Type.INT64,
  FP16: Type.FLOAT16,
  FP32: Type.FLOAT,
  FP64: Type.DOUBLE,
  BYTES: Type.STRING,
} satisfies Partial<Record<Datatype, number>>;

export type Echoed = keyof typeof echoed;

export function echo(version: string): SmallPublication {
  const types = Object.entries(echoed) as [Echoed, number][];
  const built = model({
    name: 'echo',
    opsets: { '': 17 },
    inputs: types.map(([datatype, type]) => tensorValue(datatype, type, [`n_${datatype}`])),
    outputs: types.map(([datatype, type]) => tensorValue(`${datatype}_out`, type, [`n_${datatype}`])),
    nodes: types.map(([datatype]) => node('Identity', [datatype], [`${datatype}_out`])),
  });
  const signature: Signature = {
    inputs: types.map(([datatype]) => ({ name: datatype, datatype, shape: [-1] })),
    outputs: types.map(([datatype]) => ({ name: `${datatype}_out`, datatype, shape: [-1] })),
  };
  const zeroSizes = types.map(([input]) => [{ input, axis: 0 }]);
  return publication('echo', version, built, signature, { zeroSizes });
}
