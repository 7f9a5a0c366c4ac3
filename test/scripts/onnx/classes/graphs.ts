// Classifier graphs as converters write them, in as few nodes as show what is asked.
import { create } from '@bufbuild/protobuf';
import {
  type AttributeValue,
  type Dimension,
  floats,
  integers,
  mlDomain,
  model,
  node,
  tensorValue,
} from '../../../../scripts/onnx/build.ts';
import type { OnnxModel } from '../../../../scripts/onnx/model-file.ts';
import {
  type NodeProto,
  type TensorProto,
  TensorProto_DataType,
  TensorProtoSchema,
} from '../../../../scripts/onnx/onnx_pb.ts';

export const { FLOAT, INT64, STRING, BOOL } = TensorProto_DataType;

export type Output = readonly [name: string, type: number, ...shape: Dimension[]];

/** @param constants lists of numbers are INT64 where they are in `whole`, else FP32; lists of texts are STRING */
export function graph(
  nodes: NodeProto[],
  outputs: readonly Output[],
  constants: Readonly<Record<string, readonly (number | string)[]>> = {},
  inputs: readonly Output[] = [['x', FLOAT, 'n', 2]],
): OnnxModel {
  return model({
    name: 'graph',
    opsets: { '': 17, [mlDomain]: 3 },
    inputs: inputs.map(([name, type, ...shape]) => tensorValue(name, type, shape)),
    outputs: outputs.map(([name, type, ...shape]) => tensorValue(name, type, shape)),
    nodes,
    initializers: Object.entries(constants).map(([name, values]) => constant(name, values)),
  });
}

/** Names that begin with `#` hold INT64. A single number is a scalar's worth of one dimension. */
export function constant(name: string, values: readonly (number | string)[]): TensorProto {
  if (values.every((value) => typeof value === 'number')) {
    return name.startsWith('#') ? integers(name, [values.length], values) : floats(name, [values.length], values);
  }
  const stringData = values.map((value) => new TextEncoder().encode(String(value)));
  return create(TensorProtoSchema, { name, dims: [BigInt(values.length)], dataType: STRING, stringData });
}

export function ml(
  type: string,
  input: string[],
  output: string[],
  attributes: Record<string, AttributeValue> = {},
): NodeProto {
  return node(type, input, output, attributes, mlDomain);
}

/** Scores of x [n,2]: x0, x1 and, of three classes, -x0-x1. */
export function linear(classes: readonly (string | number)[], output: [string, string], source = 'x'): NodeProto {
  const rows = [1, 0, 0, 1, -1, -1];
  const isText = classes.every((name) => typeof name === 'string');
  return ml('LinearClassifier', [source], output, {
    coefficients: { floats: rows.slice(0, classes.length * 2) },
    intercepts: { floats: rows.slice(0, classes.length).fill(0) },
    post_transform: { string: 'SOFTMAX' },
    ...(isText
      ? { classlabels_strings: { strings: classes.map(String) } }
      : { classlabels_ints: { ints: classes.map(Number) } }),
  });
}
