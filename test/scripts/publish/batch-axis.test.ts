// Which axis counts records, as publishing finds it out: by symbols and by runs, never by the size that an output happens to have.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Dimension, floats, integers, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import type { OnnxModel } from '../../../scripts/onnx/model-file.ts';
import type { NodeProto, TensorProto } from '../../../scripts/onnx/onnx_pb.ts';
import { findBatch } from '../../../scripts/publish/batch-axis.ts';
import { examineOriginal, type Original } from '../../../scripts/publish/original.ts';
import { readSource } from '../../../scripts/publish/source.ts';
import { Workshop } from './workshop.ts';

let workshop: Workshop;
beforeAll(async () => {
  workshop = await Workshop.open();
});
afterAll(() => workshop.close());

const [float, int64, bool] = [1, 7, 9];
const unlimited = 2 ** 30;

type Values = Record<string, readonly [type: number, shape: readonly Dimension[]]>;

function graph(inputs: Values, outputs: Values, nodes: NodeProto[], initializers: TensorProto[] = []): OnnxModel {
  const values = (all: Values) => Object.entries(all).map(([name, [type, shape]]) => tensorValue(name, type, shape));
  return model({
    name: 'rows',
    opsets: { '': 17 },
    inputs: values(inputs),
    outputs: values(outputs),
    nodes,
    initializers,
  });
}

async function examine(name: string, built: OnnxModel): Promise<Original> {
  const source = await readSource(workshop.write(`${name}.onnx`, built), unlimited);
  return examineOriginal(workshop.inspector, source, {
    heapLimitMib: 96,
    timeoutMs: 60_000,
    inputsFile: undefined,
    maxDims: [],
    tolerance: { absolute: 1e-3, relative: 1e-3 },
    allowRandom: true,
  });
}

const one = integers('one', [1], [1]);
const zero = integers('zero', [1], [0]);
const rowSum = node('ReduceSum', ['x', 'one'], ['y'], { keepdims: { int: 0 } });

describe('an output has a row for each record', () => {
  const x: Values = { x: [float, ['batch', 3]] };
  it.each([
    ['where it shares its symbol with the inputs', x, { y: [float, ['batch']] }],
    ['where symbols differ, as exporters name them one by one', x, { y: [float, ['y_dynamic_axes_1']] }],
    ['where no dimension has a name', { x: [float, [null, 3]] }, { y: [float, [null]] }],
  ] satisfies [string, Values, Values][])('%s', async (_, inputs, outputs) => {
    const { signature, notes } = await examine('sum', graph(inputs, outputs, [rowSum], [one]));
    expect(signature.batch).toEqual({ size: -1, inputs: ['x'], outputs: ['y'] });
    expect(notes).toEqual([]);
  });

  it('beside an input that all records share', async () => {
    const inputs: Values = { x: [float, ['n', 3]], factor: [float, []] };
    const nodes = [node('Mul', ['x', 'factor'], ['y'])];
    const { signature } = await examine('scaled', graph(inputs, { y: [float, ['n', 3]] }, nodes));
    expect(signature.batch).toEqual({ size: -1, inputs: ['x'], outputs: ['y'] });
  });

  it('beside an input of any length that all records share', async () => {
    const inputs: Values = { x: [float, ['b', 2]], words: [float, ['m']] };
    const nodes = [node('ReduceSum', ['words', 'zero'], ['sum']), node('Add', ['x', 'sum'], ['y'])];
    const { signature, notes } = await examine('words', graph(inputs, { y: [float, ['b', 2]] }, nodes, [zero]));
    expect(signature.batch).toEqual({ size: -1, inputs: ['x'], outputs: ['y'] });
    expect(notes).toEqual([]);
  });

  it('of a model that runs on no sample, where inputs and outputs share a symbol and only there', async () => {
    const value = (name: string, shape: (number | string)[]) => ({
      name,
      elementType: 1,
      type: 'float32',
      datatype: 'FP32',
      shape,
    });
    const found = (first: string) =>
      findBatch({
        model: { run: () => Promise.reject(new Error('not asked')) },
        session: { inputs: [value('x', [first, 2])], outputs: [value('y', [first]), value('z', ['k'])] },
        ...{ samples: [], valueShaped: null, quantisesTogether: false, tolerance: { absolute: 0, relative: 0 } },
      });
    expect((await found('n')).batch).toEqual({ size: -1, inputs: ['x'], outputs: ['y'] });
    expect(await found('')).toEqual({
      batch: { size: 1, inputs: [], outputs: [] },
      notes: [expect.stringContaining('no output has a row for each record')],
    });
  });

  it('although its values are drawn anew in each run', async () => {
    const nodes = [node('RandomNormalLike', ['x'], ['noise']), node('Add', ['x', 'noise'], ['y'])];
    const built = graph({ x: [float, ['n', 3]] }, { y: [float, ['n', 3]] }, nodes);
    expect((await examine('random', built)).signature.batch).toEqual({ size: -1, inputs: ['x'], outputs: ['y'] });
  });

  it('of a model that takes so many at a time, where changing one changes its own row alone', async () => {
    const built = graph({ x: [float, [4, 3]] }, { y: [float, [4]] }, [rowSum], [one]);
    expect((await examine('four', built)).signature.batch).toEqual({ size: 4, inputs: ['x'], outputs: ['y'] });
  });

  it('of a model for one record', async () => {
    const inputs: Values = { x: [float, [1, 3]], state: [float, [2, 1, 4]] };
    const outputs: Values = { y: [float, [1]], next: [float, [2, 1, 4]] };
    const built = graph(inputs, outputs, [rowSum, node('Identity', ['state'], ['next'])], [one]);
    expect((await examine('single', built)).signature.batch).toEqual({ size: 1, inputs: ['x'], outputs: ['y'] });
  });
});

describe('an output is no list of rows for the records', () => {
  it('if its size depends on what is found', async () => {
    const inputs: Values = { boxes: [float, ['b', 'n', 4]], scores: [float, ['b', 1, 'n']] };
    const most = integers('most', [1], [5]);
    const threshold = floats('threshold', [1], [0]);
    const nodes = [
      node('NonMaxSuppression', ['boxes', 'scores', 'most', 'threshold', 'threshold'], ['found']),
      node('Identity', ['scores'], ['again']),
    ];
    const built = graph(inputs, { found: [int64, ['k', 3]] }, nodes.slice(0, 1), [most, threshold]);
    expect((await examine('found', built)).signature.batch).toEqual({ size: 1, inputs: [], outputs: [] });
    const outputs: Values = { found: [int64, ['k', 3]], again: [float, ['b', 1, 'n']] };
    const { signature, notes } = await examine('beside', graph(inputs, outputs, nodes, [most, threshold]));
    expect(signature.batch).toEqual({ size: -1, inputs: ['boxes', 'scores'], outputs: ['again'] });
    expect(notes).toEqual([expect.stringContaining("'found' has no row for each record")]);
  });

  it('if it keeps only some of them, under whatever name and although it kept all it was tried on', async () => {
    const nodes = [
      node('ReduceMax', ['x'], ['largest'], { axes: { ints: [1] }, keepdims: { int: 0 } }),
      node('Greater', ['largest', 'least'], ['kept']),
      node('Compress', ['x', 'kept'], ['y'], { axis: { int: 0 } }),
    ];
    const least = floats('least', [], [-1000]);
    for (const first of [null, 'kept']) {
      const built = graph({ x: [float, ['n', 2]] }, { y: [float, [first, 2]] }, nodes, [least]);
      expect((await examine('kept', built)).signature.batch?.outputs).toEqual([]);
    }
  });

  it('if its size is fixed, or has other axes first', async () => {
    const mean = node('ReduceMean', ['x'], ['mean'], { axes: { ints: [0] }, keepdims: { int: 0 } });
    const nodes = [node('Identity', ['x'], ['y']), mean, node('NonZero', ['x'], ['where'])];
    const outputs: Values = { y: [float, ['b', 2]], mean: [float, [2]], where: [int64, [2, 'k']] };
    const { signature } = await examine('mean', graph({ x: [float, ['b', 2]] }, outputs, nodes));
    expect(signature.batch).toEqual({ size: -1, inputs: ['x'], outputs: ['y'] });
  });

  it.each([
    ['sums up', [node('CumSum', ['x', 'axis'], ['y'])]],
    ['shares out', [node('Softmax', ['x'], ['y'], { axis: { int: 0 } })]],
    ['turns round', [node('Slice', ['x', 'last', 'end', 'axes', 'back'], ['y'])]],
    ['sorts', [node('Shape', ['x'], ['sizes']), node('TopK', ['x', 'sizes'], ['y', 'places'], { axis: { int: 0 } })]],
  ])('if the model %s over them: then the axis is a list, and one record is the whole', async (_, nodes) => {
    const initializers = [
      integers('axis', [], [0]),
      ...[integers('last', [1], [-1]), integers('end', [1], [-1000]), integers('axes', [1], [0])],
      integers('back', [1], [-1]),
    ];
    const { signature, notes } = await examine(
      'list',
      graph({ x: [float, ['n']] }, { y: [float, ['n']] }, nodes, initializers),
    );
    expect(signature.batch).toEqual({ size: 1, inputs: [], outputs: [] });
    expect(notes).toEqual([expect.stringContaining("in 'y' the answer to one depends on the others")]);
  });

  it('if the batch axis of another input is not the first', async () => {
    const inputs: Values = { x: [float, ['b', 2]], state: [float, [2, 'b', 2]] };
    const built = graph(inputs, { y: [float, [2, 'b', 2]] }, [node('Add', ['x', 'state'], ['y'])]);
    expect((await examine('state', built)).signature.batch).toEqual({ size: 1, inputs: [], outputs: [] });
  });

  it('of a fixed size, if the model mixes them', async () => {
    const nodes = [node('Softmax', ['x'], ['y'], { axis: { int: 0 } })];
    const built = graph({ x: [float, [4, 3]] }, { y: [float, [4, 3]] }, nodes);
    expect((await examine('mixed', built)).signature.batch).toEqual({ size: 1, inputs: [], outputs: [] });
  });
});

describe('records are taken one at a time', () => {
  it('by a model that quantises them together', async () => {
    const nodes = [
      node('DynamicQuantizeLinear', ['x'], ['q', 'scale', 'point']),
      node('DequantizeLinear', ['q', 'scale', 'point'], ['y']),
    ];
    const built = graph({ x: [float, ['n', 3]] }, { y: [float, ['n', 3]] }, nodes);
    const { signature, notes } = await examine('quantised', built);
    expect(signature.batch).toEqual({ size: 1, inputs: ['x'], outputs: ['y'] });
    expect(notes).toEqual([expect.stringContaining('since the model quantises them together')]);
  });

  it('by a model that refuses two, whatever its signature says', async () => {
    const nodes = [node('Reshape', ['x', 'shape'], ['y'])];
    const built = graph({ x: [float, ['n', 3]] }, { y: [float, ['n', 3]] }, nodes, [integers('shape', [2], [1, 3])]);
    const { signature, notes } = await examine('refused', built);
    expect(signature.batch).toEqual({ size: 1, inputs: ['x'], outputs: ['y'] });
    expect(notes).toEqual([expect.stringContaining('the model does not run on two together')]);
  });

  it('by a model whose inputs have no axis for them', async () => {
    const nodes = [node('Range', ['start', 'limit', 'step'], ['all'])];
    const initializers = [integers('start', [], [0]), integers('step', [], [1])];
    const built = graph({ limit: [int64, []] }, { all: [int64, ['k']] }, nodes, initializers);
    expect((await examine('range', built)).signature.batch).toEqual({ size: 1, inputs: [], outputs: [] });
  });
});

describe('an input with a default', () => {
  const nodes = [node('Greater', ['score', 'threshold'], ['hit'])];
  const threshold = floats('threshold', [1], [0.5]);
  const inputs: Values = { score: [float, ['n']], threshold: [float, [1]] };
  const build = (irVersion: number) =>
    Object.assign(graph(inputs, { hit: [bool, ['n']] }, nodes, [threshold]), { irVersion: BigInt(irVersion) });

  it('is optional, and what is published takes it', async () => {
    const { manifest, notes } = await workshop.publish(workshop.write('threshold.onnx', build(7)));
    expect(manifest.signature).toEqual({
      inputs: [{ name: 'score', datatype: 'FP32', shape: [-1] }],
      outputs: [{ name: 'hit', datatype: 'BOOL', shape: [-1] }],
      optionalInputs: [{ name: 'threshold', datatype: 'FP32', shape: [1] }],
      batch: { size: -1, inputs: ['score'], outputs: ['hit'] },
    });
    expect(manifest.artifacts.model.format).toBe('ort');
    expect(notes).toContainEqual("a request may leave out 'threshold': the model has a default");
  });

  it('of a variable size takes the size that the default has', async () => {
    const variable: Values = { score: [float, ['n']], threshold: [float, ['m']] };
    const built = graph(variable, { hit: [bool, ['n']] }, nodes, [threshold]);
    const { signature, samplesWithDefaults } = await examine('variable', built);
    expect(signature.optionalInputs).toEqual([{ name: 'threshold', datatype: 'FP32', shape: [1] }]);
    expect(samplesWithDefaults).toHaveLength(2);
  });

  it('is none before IR 4, which has no defaults', async () => {
    const { signature } = await examine('constant', build(3));
    expect(signature.optionalInputs).toBeUndefined();
  });
});

describe('a tensor without a shape', () => {
  const bare = (name: 'x' | 'y', shaped: 'none' | 'output') => {
    const built = graph({ x: [float, []] }, { y: [float, ['n', 2]] }, [node('Neg', ['x'], ['y'])], [zero]);
    for (const value of shaped === 'none' ? [...built.graph.input, ...built.graph.output] : built.graph.input) {
      if (value.type?.value.case === 'tensorType') delete value.type.value.value.shape;
    }
    return workshop.write(`bare-${name}.onnx`, built);
  };

  it('is refused as an input, with the option that gives it', async () => {
    const file = bare('x', 'none');
    await expect(workshop.publish(file)).rejects.toThrow("no shape for input 'x', so any rank could come");
    await expect(workshop.publish(file)).rejects.toThrow('--shape x=');
  });

  it('is served with the shape that the publisher gives', async () => {
    const { manifest } = await workshop.publish(bare('x', 'none'), { shapes: [{ name: 'x', sizes: ['n', 3] }] });
    expect(manifest.signature).toEqual({
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 3] }],
      batch: { size: -1, inputs: ['x'], outputs: ['y'] },
    });
  });

  it('cannot be given to one that has it', async () => {
    const file = bare('y', 'output');
    const shapes = [{ name: 'y', sizes: ['n', 2] }];
    await expect(workshop.publish(file, { shapes })).rejects.toThrow("the file leaves out the shapes of 'x'");
  });
});
