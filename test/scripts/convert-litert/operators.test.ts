// Every operator that the conversion covers, alone: the converted model in LiteRT.js gives what the original gives in
// onnxruntime-web, both in workerd. What is not covered is refused by its name.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differenceOf } from '../../../scripts/checks/engines/answers.ts';
import { convertModel } from '../../../scripts/convert-litert/convert.ts';
import { floats, integers, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { type OnnxModel, readModel, writeModel } from '../../../scripts/onnx/model-file.ts';
import { type NodeProto, type TensorProto, TensorProto_DataType } from '../../../scripts/onnx/onnx_pb.ts';
import { Random } from '../../../scripts/random.ts';
import { type BothEngines, startBothEngines } from './both-engines.ts';

const float32 = TensorProto_DataType.FLOAT;
const picture = [1, 4, 6, 10] as const;
const random = new Random(7);

interface Case {
  readonly nodes: NodeProto[];
  readonly constants?: TensorProto[];
  readonly input?: readonly number[];
  readonly opset?: number;
}

/** Constants of a graph, drawn. */
function drawn(name: string, ...shape: number[]): TensorProto {
  const count = shape.reduce((product, size) => product * size, 1);
  return floats(
    name,
    shape,
    Array.from({ length: count }, () => random.normal(0, 0.5)),
  );
}

const alone = (operator: string, attributes: Parameters<typeof node>[3] = {}): Case => ({
  nodes: [node(operator, ['x'], ['y'], attributes)],
});

const convolution = (attributes: Parameters<typeof node>[3], ...filter: number[]): Case => ({
  nodes: [node('Conv', ['x', 'w', 'b'], ['y'], attributes)],
  constants: [drawn('w', ...filter), drawn('b', filter[0] ?? 0)],
});

const covered: Readonly<Record<string, Case>> = {
  'Conv, padded as SAME': convolution({ pads: { ints: [1, 1, 1, 1] } }, 3, 4, 3, 3),
  'Conv, padded on one side': convolution({ pads: { ints: [0, 2, 1, 0] } }, 3, 4, 3, 3),
  'Conv, stride 2, padded evenly': convolution({ pads: { ints: [1, 1, 1, 1] }, strides: { ints: [2, 2] } }, 5, 4, 3, 3),
  'Conv, dilated': convolution({ pads: { ints: [2, 2, 2, 2] }, dilations: { ints: [2, 2] } }, 3, 4, 3, 3),
  'Conv, SAME_UPPER': convolution({ auto_pad: { string: 'SAME_UPPER' }, strides: { ints: [2, 1] } }, 3, 4, 4, 3),
  'Conv, SAME_LOWER': convolution({ auto_pad: { string: 'SAME_LOWER' }, strides: { ints: [2, 1] } }, 3, 4, 4, 3),
  'Conv, a group for each channel': convolution({ group: { int: 4 }, pads: { ints: [1, 1, 1, 1] } }, 8, 1, 3, 3),
  'Conv, two groups': convolution({ group: { int: 2 } }, 6, 2, 3, 3),
  'Conv without a bias, then Clip at 6': {
    nodes: [node('Conv', ['x', 'w'], ['c']), node('Clip', ['c', 'low', 'high'], ['y'])],
    constants: [drawn('w', 3, 4, 3, 3), floats('low', [], [0]), floats('high', [], [6])],
  },
  'BatchNormalization before a convolution': {
    nodes: [node('Relu', ['x'], ['r']), node('BatchNormalization', ['r', 's', 'b', 'm', 'v'], ['y'])],
    constants: [drawn('s', 4), drawn('b', 4), drawn('m', 4), floats('v', [4], [0.5, 1, 1.5, 2])],
  },
  MaxPool: alone('MaxPool', { kernel_shape: { ints: [2, 2] }, strides: { ints: [2, 2] } }),
  'MaxPool, padded as SAME': alone('MaxPool', { kernel_shape: { ints: [3, 3] }, pads: { ints: [1, 1, 1, 1] } }),
  'MaxPool, padded on one side': alone('MaxPool', { kernel_shape: { ints: [3, 3] }, pads: { ints: [2, 0, 0, 1] } }),
  AveragePool: alone('AveragePool', { kernel_shape: { ints: [2, 2] }, strides: { ints: [2, 2] } }),
  'AveragePool, padded as SAME': alone('AveragePool', { kernel_shape: { ints: [3, 3] }, pads: { ints: [1, 1, 1, 1] } }),
  GlobalAveragePool: alone('GlobalAveragePool'),
  GlobalMaxPool: alone('GlobalMaxPool'),
  'Add of a constant for each channel': {
    nodes: [node('MaxPool', ['x'], ['p'], { kernel_shape: { ints: [1, 1] } }), node('Add', ['p', 'c'], ['y'])],
    constants: [drawn('c', 4, 1, 1)],
  },
  'Sub, Div, Max and Min': {
    nodes: [
      node('Sub', ['x', 'c'], ['s']),
      node('Div', ['s', 'd'], ['q']),
      node('Max', ['q', 'x'], ['m']),
      node('Min', ['m', 'c'], ['y']),
    ],
    constants: [drawn('c', 1, 4, 1, 10), floats('d', [], [3])],
  },
  'Mul by a value of each channel': {
    nodes: [node('GlobalAveragePool', ['x'], ['g']), node('Mul', ['x', 'g'], ['y'])],
  },
  Pow: { nodes: [node('Abs', ['x'], ['a']), node('Pow', ['a', 'e'], ['y'])], constants: [floats('e', [], [2])] },
  'Sigmoid times its input': { nodes: [node('Sigmoid', ['x'], ['s']), node('Mul', ['x', 's'], ['y'])] },
  Tanh: alone('Tanh'),
  'Identity, whose output is the input': alone('Identity'),
  'Transpose that moves nothing': alone('Transpose', { perm: { ints: [0, 1, 2, 3] } }),
  Exp: alone('Exp'),
  'Log of Abs': { nodes: [node('Abs', ['x'], ['a']), node('Log', ['a'], ['y'])] },
  'Sqrt of Abs': { nodes: [node('Abs', ['x'], ['a']), node('Sqrt', ['a'], ['y'])] },
  Neg: alone('Neg'),
  'Floor and Ceil': { nodes: [node('Floor', ['x'], ['f']), node('Ceil', ['f'], ['y'])] },
  Relu: alone('Relu'),
  HardSwish: alone('HardSwish'),
  'HardSwish in four operators': {
    nodes: [
      node('Add', ['x', 'three'], ['a']),
      node('Clip', ['a', 'zero', 'six'], ['c']),
      node('Mul', ['x', 'c'], ['m']),
      node('Div', ['m', 'six'], ['y']),
    ],
    constants: [floats('three', [], [3]), floats('zero', [], [0]), floats('six', [], [6])],
  },
  HardSigmoid: alone('HardSigmoid', { alpha: { float: 0.3 }, beta: { float: 0.4 } }),
  LeakyRelu: alone('LeakyRelu', { alpha: { float: 0.2 } }),
  Elu: alone('Elu'),
  'Clip at other limits': {
    nodes: [node('Clip', ['x', 'low', 'high'], ['y'])],
    constants: [floats('low', [], [-0.5]), floats('high', [], [0.7])],
  },
  'Gemm, transposed, with Relu': {
    nodes: [node('Gemm', ['x', 'w', 'b'], ['g'], { transB: { int: 1 } }), node('Relu', ['g'], ['y'])],
    constants: [drawn('w', 3, 8), drawn('b', 3)],
    input: [2, 8],
  },
  'MatMul by a constant': {
    nodes: [node('MatMul', ['x', 'w'], ['y'])],
    constants: [drawn('w', 8, 5)],
    input: [2, 3, 8],
  },
  'MatMul of two values': {
    nodes: [node('Transpose', ['x'], ['t'], { perm: { ints: [0, 2, 1] } }), node('MatMul', ['x', 't'], ['y'])],
    input: [2, 3, 8],
  },
  'Flatten of a picture': {
    nodes: [node('MaxPool', ['x'], ['p'], { kernel_shape: { ints: [2, 2] } }), node('Flatten', ['p'], ['y'])],
  },
  'Reshape, Squeeze and Unsqueeze': {
    nodes: [
      node('Reshape', ['x', 'shape'], ['r']),
      node('Unsqueeze', ['r', 'one'], ['u']),
      node('Relu', ['u'], ['a']),
      node('Squeeze', ['a', 'one'], ['y']),
    ],
    constants: [integers('shape', [2], [4, 60]), integers('one', [1], [1])],
  },
  'Transpose to channels last': {
    nodes: [
      node('MaxPool', ['x'], ['p'], { kernel_shape: { ints: [1, 1] } }),
      node('Transpose', ['p'], ['y'], { perm: { ints: [0, 2, 3, 1] } }),
    ],
  },
  'Transpose of a picture that lies channels last': {
    nodes: [
      node('MaxPool', ['x'], ['p'], { kernel_shape: { ints: [2, 2] } }),
      node('Transpose', ['p'], ['y'], { perm: { ints: [0, 1, 3, 2] } }),
    ],
  },
  'Concat of channels': {
    nodes: [
      node('MaxPool', ['x'], ['p'], { kernel_shape: { ints: [1, 1] } }),
      node('Concat', ['p', 'x'], ['y'], { axis: { int: 1 } }),
    ],
  },
  'Slice of channels and rows': {
    nodes: [
      node('MaxPool', ['x'], ['p'], { kernel_shape: { ints: [1, 1] } }),
      node('Slice', ['p', 'starts', 'ends', 'axes'], ['y']),
    ],
    constants: [integers('starts', [2], [1, -4]), integers('ends', [2], [3, 100]), integers('axes', [2], [1, 2])],
  },
  'Split of channels': {
    nodes: [
      node('MaxPool', ['x'], ['p'], { kernel_shape: { ints: [1, 1] } }),
      node('Split', ['p', 'sizes'], ['a', 'b'], { axis: { int: 1 } }),
      node('Concat', ['b', 'a'], ['y'], { axis: { int: 1 } }),
    ],
    constants: [integers('sizes', [2], [1, 3])],
  },
  Pad: { nodes: [node('Pad', ['x', 'p'], ['y'])], constants: [integers('p', [8], [0, 1, 0, 2, 0, 0, 3, 0])] },
  'Pad with another value': {
    nodes: [node('Pad', ['x', 'p', 'v'], ['y'])],
    constants: [integers('p', [8], [0, 0, 1, 1, 0, 0, 1, 1]), floats('v', [], [2.5])],
  },
  'DepthToSpace, DCR': alone('DepthToSpace', { blocksize: { int: 2 } }),
  'DepthToSpace, CRD': {
    ...alone('DepthToSpace', { blocksize: { int: 2 }, mode: { string: 'CRD' } }),
    input: [1, 8, 3, 5],
  },
  SpaceToDepth: alone('SpaceToDepth', { blocksize: { int: 2 } }),
  'a pixel shuffle of two channels in three operators': {
    nodes: [
      node('Reshape', ['x', 'apart'], ['a']),
      node('Transpose', ['a'], ['t'], { perm: { ints: [0, 1, 4, 2, 5, 3] } }),
      node('Reshape', ['t', 'joined'], ['y']),
    ],
    constants: [integers('apart', [6], [1, 2, 2, 2, 3, 5]), integers('joined', [4], [1, 2, 6, 10])],
    input: [1, 8, 3, 5],
  },
  'Resize, nearest, twice as large': {
    nodes: [node('Resize', ['x', '', 'scales'], ['y'])],
    constants: [floats('scales', [4], [1, 1, 2, 2])],
  },
  'Resize, linear, half pixels': {
    nodes: [node('Resize', ['x', '', 'scales'], ['y'], { mode: { string: 'linear' } })],
    constants: [floats('scales', [4], [1, 1, 2, 1.5])],
  },
  'Resize, linear, corners aligned': {
    nodes: [
      node('Resize', ['x', '', 'scales'], ['y'], {
        mode: { string: 'linear' },
        coordinate_transformation_mode: { string: 'align_corners' },
      }),
    ],
    constants: [floats('scales', [4], [1, 1, 2, 2])],
  },
  'ReduceMean of height and width': alone('ReduceMean', { axes: { ints: [2, 3] }, keepdims: { int: 0 } }),
  'ReduceMax of channels': {
    nodes: [
      node('MaxPool', ['x'], ['p'], { kernel_shape: { ints: [1, 1] } }),
      node('ReduceMax', ['p'], ['y'], { axes: { ints: [1] } }),
    ],
  },
  'ReduceMin and ReduceSum': {
    nodes: [node('ReduceMin', ['x'], ['m'], { axes: { ints: [3] } }), node('ReduceSum', ['m', 'axes'], ['y'])],
    constants: [integers('axes', [1], [2])],
  },
  'Softmax of the last dimension': alone('Softmax', { axis: { int: -1 } }),
  'Softmax of channels': {
    nodes: [
      node('MaxPool', ['x'], ['p'], { kernel_shape: { ints: [1, 1] } }),
      node('Softmax', ['p'], ['y'], { axis: { int: 1 } }),
    ],
  },
  'Softmax as before opset 13': { ...alone('Softmax', { axis: { int: 1 } }), opset: 12 },
};

const refused: Readonly<Record<string, readonly [Case, RegExp]>> = {
  'an operator that is not covered': [alone('Erf'), /^Erf: not covered$/],
  'several at once': [
    { nodes: [node('Erf', ['x'], ['e']), node('Softplus', ['e'], ['y'])] },
    /^Erf, Softplus: not covered$/,
  ],
  'a slice with steps': [
    {
      nodes: [node('Slice', ['x', 's', 'e', 'a', 't'], ['y'])],
      constants: [integers('s', [1], [0]), integers('e', [1], [6]), integers('a', [1], [2]), integers('t', [1], [2])],
    },
    /^Slice: steps other than 1 are not covered$/,
  ],
  'an average over a dilated window': [
    { ...alone('AveragePool', { kernel_shape: { ints: [2, 2] }, dilations: { ints: [2, 2] } }), opset: 19 },
    /^AveragePool: dilations are not covered$/,
  ],
  'a product with a vector': [
    { nodes: [node('MatMul', ['x', 'w'], ['y'])], constants: [drawn('w', 8)], input: [3, 8] },
    /^MatMul: of a vector is not covered$/,
  ],
  'a cubic resize': [
    {
      nodes: [node('Resize', ['x', '', 'scales'], ['y'], { mode: { string: 'cubic' } })],
      constants: [floats('scales', [4], [1, 1, 2, 2])],
    },
    /^Resize: mode cubic is not covered$/,
  ],
};

function modelOf({ nodes, constants = [], input = picture, opset = 14 }: Case): OnnxModel {
  return model({
    name: 'case',
    opsets: { '': opset },
    inputs: [tensorValue('x', float32, input)],
    outputs: [tensorValue('y', float32, [])],
    nodes,
    initializers: constants,
  });
}

/** onnxruntime infers the shape of the output. */
function bytesOf(given: Case): Uint8Array<ArrayBuffer> {
  const made = modelOf(given);
  for (const { type } of made.graph.output) if (type?.value.case === 'tensorType') delete type.value.value.shape;
  return writeModel(made);
}

const convert = (given: Case) => convertModel(readModel(bytesOf(given)), new Map([['x', given.input ?? picture]]));

let engines: BothEngines;

beforeAll(async () => {
  engines = await startBothEngines();
}, 180_000);

afterAll(async () => {
  await engines?.[Symbol.asyncDispose]();
});

describe('a converted operator', () => {
  it.each(Object.entries(covered))('gives the original’s answer: %s', async (_, given) => {
    const shape = given.input ?? picture;
    const count = shape.reduce((product, size) => product * size, 1);
    const values = Float32Array.from({ length: count }, () => random.normal(0, 1));
    const data = new Uint8Array(values.buffer);
    const { expected, actual } = await engines.ask(bytesOf(given), [{ name: 'x', elementType: float32, shape, data }]);
    expect(differenceOf(expected, actual)).toMatchObject({ beyondTolerance: 0 });
  });

  it.each(Object.entries(refused))('is refused by its name: %s', async (_, [given, message]) => {
    await expect(convert(given)).rejects.toThrow(message);
  });
});

describe('operators that TensorFlow Lite has as one', () => {
  it.each([
    ['HardSwish in four operators', { HARD_SWISH: 1 }],
    ['Conv without a bias, then Clip at 6', { TRANSPOSE: 2, CONV_2D: 1 }],
    ['Transpose to channels last', { TRANSPOSE: 1, MAX_POOL_2D: 1 }],
  ])('become one: %s', async (name, operators) => {
    const given = covered[name];
    if (given === undefined) throw new Error(`there is no case '${name}'`);
    expect((await convert(given)).operators).toEqual(operators);
  });
});
