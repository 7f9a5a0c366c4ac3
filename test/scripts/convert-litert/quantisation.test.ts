// Operators between QuantizeLinear and DequantizeLinear: the integers of LiteRT.js's kernels are those of onnxruntime-web's, but for
// values that lie halfway between two integers, which the kernels may round to either side.
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differenceOf } from '../../../scripts/checks/engines/answers.ts';
import { floats, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { writeModel } from '../../../scripts/onnx/model-file.ts';
import {
  type NodeProto,
  type TensorProto,
  TensorProto_DataType,
  TensorProtoSchema,
} from '../../../scripts/onnx/onnx_pb.ts';
import { Random } from '../../../scripts/random.ts';
import { type BothEngines, startBothEngines } from './both-engines.ts';

const { FLOAT, INT8, INT32, UINT8 } = TensorProto_DataType;
const random = new Random(11);
const inputShape = [1, 4, 6, 10];
const scales = { input: 0.04, output: 0.1 } as const;
/** As many of a hundred elements may be one step apart. */
const stepsApart = 2;

interface Case {
  /** Of the bytes without a sign where the type is UINT8. */
  readonly type: typeof INT8 | typeof UINT8;
  readonly zeroPoints: { readonly input: number; readonly output: number };
  readonly nodes: NodeProto[];
  readonly constants?: TensorProto[];
  readonly operators: Readonly<Record<string, number>>;
}

function integerConstant(
  name: string,
  dims: readonly number[],
  dataType: number,
  values: readonly number[],
): TensorProto {
  const data = dataType === INT32 ? Int32Array.from(values) : Int8Array.from(values);
  return create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType, rawData: new Uint8Array(data.buffer) });
}

/** A filter with a scale for each of its outputs, and a bias with the products of the scales. */
function filtered(group: number, ...filter: number[]): Pick<Case, 'nodes' | 'constants'> {
  const [outputs = 0] = filter;
  const count = filter.reduce((product, size) => product * size, 1);
  const weightScales = Array.from({ length: outputs }, (_, index) => 0.01 + 0.005 * index);
  const draw = (length: number, most: number) =>
    Array.from({ length }, () => Math.round((2 * random.uniform() - 1) * most));
  return {
    nodes: [
      node('DequantizeLinear', ['w8', 'ws'], ['w'], { axis: { int: 0 } }),
      node('DequantizeLinear', ['b32', 'bs'], ['b'], { axis: { int: 0 } }),
      node('Conv', ['x', 'w', 'b'], ['y'], { group: { int: group }, pads: { ints: [1, 1, 1, 1] } }),
    ],
    constants: [
      integerConstant('w8', filter, INT8, draw(count, 127)),
      floats('ws', [outputs], weightScales),
      integerConstant('b32', [outputs], INT32, draw(outputs, 2000)),
      floats(
        'bs',
        [outputs],
        weightScales.map((scale) => Math.fround(scale) * Math.fround(scales.input)),
      ),
    ],
  };
}

const signed = { type: INT8, zeroPoints: { input: 3, output: -7 } } as const;
const unsigned = { type: UINT8, zeroPoints: { input: 120, output: 99 } } as const;

const cases: Readonly<Record<string, Case>> = {
  'Conv with a scale for each filter': { ...signed, ...filtered(1, 5, 4, 3, 3), operators: { CONV_2D: 1 } },
  'Conv of bytes without a sign': { ...unsigned, ...filtered(1, 5, 4, 3, 3), operators: { CONV_2D: 1 } },
  'Conv with a group for each channel': {
    ...signed,
    ...filtered(4, 4, 1, 3, 3),
    operators: { DEPTHWISE_CONV_2D: 1 },
  },
  'Add of a value to itself': { ...signed, nodes: [node('Add', ['x', 'x'], ['y'])], operators: { ADD: 1 } },
  GlobalAveragePool: { ...signed, nodes: [node('GlobalAveragePool', ['x'], ['y'])], operators: { MEAN: 1 } },
};

function modelOf({ type, zeroPoints, nodes, constants = [] }: Case): Uint8Array<ArrayBuffer> {
  const made = model({
    name: 'quantised',
    opsets: { '': 14 },
    inputs: [tensorValue('given', FLOAT, inputShape)],
    outputs: [tensorValue('taken', FLOAT, [])],
    nodes: [
      node('QuantizeLinear', ['given', 'xs', 'xz'], ['x8']),
      node('DequantizeLinear', ['x8', 'xs', 'xz'], ['x']),
      ...nodes,
      node('QuantizeLinear', ['y', 'ys', 'yz'], ['y8']),
      node('DequantizeLinear', ['y8', 'ys', 'yz'], ['taken']),
    ],
    initializers: [
      floats('xs', [], [scales.input]),
      integerConstant('xz', [], type, [zeroPoints.input]),
      floats('ys', [], [scales.output]),
      integerConstant('yz', [], type, [zeroPoints.output]),
      ...constants,
    ],
  });
  for (const { type: taken } of made.graph.output) {
    if (taken?.value.case === 'tensorType') delete taken.value.value.shape;
  }
  return writeModel(made);
}

let engines: BothEngines;

beforeAll(async () => {
  engines = await startBothEngines();
}, 180_000);

afterAll(async () => {
  await engines?.[Symbol.asyncDispose]();
});

describe('a quantised operator', () => {
  it.each(Object.entries(cases))('computes with the model’s integers: %s', async (_, given) => {
    const count = inputShape.reduce((product, size) => product * size, 1);
    const values = Float32Array.from({ length: count }, () => random.normal(0, 1.5));
    const data = new Uint8Array(values.buffer);
    const inputs = [{ name: 'given', elementType: FLOAT, shape: inputShape, data }];
    const { expected, actual, converted } = await engines.ask(modelOf(given), inputs);
    expect(converted.operators).toMatchObject({ ...given.operators, QUANTIZE: 1, DEQUANTIZE: 1 });
    expect(converted.steps).toEqual({ taken: Math.fround(scales.output) });
    const { largest, beyondTolerance } = differenceOf(expected, actual);
    expect(largest).toBeLessThan(scales.output * 1.01);
    const elements = expected.reduce((sum, each) => sum + each.data.length / 4, 0);
    expect(beyondTolerance).toBeLessThanOrEqual((elements * stepsApart) / 100);
  });
});
