import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { datatypes, elementBytes, elementCount } from '../../../registry/signature.ts';
import { integers, mlDomain, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { TensorProto_DataType } from '../../../scripts/onnx/onnx_pb.ts';
import { plannedShape, sizePlans, withBatch } from '../../../scripts/publish/sample-sizes.ts';
import { sampleTensor, valueStyles } from '../../../scripts/publish/sample-values.ts';
import { valueHints } from '../../../scripts/publish/value-hints.ts';
import { elementsOf } from '../../../worker/protocol/elements.ts';

const { FLOAT, INT64, STRING } = TensorProto_DataType;

function input(name: string, shape: (number | string)[]) {
  return { name, shape, elementType: 1, type: 'float32', datatype: 'FP32' };
}

function plannedShapes(inputs: ReturnType<typeof input>[]): string[] {
  return Array.from(sizePlans(inputs), (plan) =>
    JSON.stringify(inputs.map(({ name, shape }) => plannedShape(shape, name, plan))),
  );
}

describe('sizes to try', () => {
  it('are the fixed ones where all are fixed', () => {
    expect(plannedShapes([input('x', [1, 3])])).toEqual(['[[1,3]]']);
    expect(plannedShapes([])).toEqual(['[]']);
  });

  it('are equal for equal symbols', () => {
    const inputs = [input('a', ['batch', 'n']), input('b', ['batch', 'n', 4])];
    for (const [a, b] of plannedShapes(inputs).map((text) => JSON.parse(text))) expect(b).toEqual([...a, 4]);
  });

  it('begin with a batch of one, three channels and a small picture', () => {
    expect(plannedShapes([input('x', ['', '', '', ''])])[0]).toBe('[[1,3,32,32]]');
    expect(plannedShapes([input('x', ['', 'h', 'w', 3])])[0]).toBe('[[1,32,32,3]]');
  });

  it('include a long frame beside a short state', () => {
    expect(plannedShapes([input('frame', ['', '']), input('state', [2, '', 128])])).toContain('[[1,512],[2,1,128]]');
  });

  it('have another batch where something looks like one', () => {
    const inputs = [input('x', ['batch', 3])];
    const [plan = new Map()] = sizePlans(inputs);
    expect(plannedShape(['batch', 3], 'x', withBatch(inputs, plan, 2) ?? new Map())).toEqual([2, 3]);
    expect(withBatch([input('x', [1, 3])], new Map(), 2)).toBeNull();
  });
});

describe('sample values', () => {
  const tensors = fc.record({
    name: fc.string(),
    datatype: fc.constantFrom(...datatypes),
    shape: fc.array(fc.nat(4), { maxLength: 3 }),
  });

  it('are the same for the same seed and have the size of the shape', () => {
    fc.assert(
      fc.property(tensors, fc.constantFrom(...valueStyles), fc.nat(), (tensor, style, seed) => {
        const made = sampleTensor(tensor, style, seed);
        expect(sampleTensor(tensor, style, seed)).toEqual(made);
        const bytes = elementBytes[tensor.datatype] || 1;
        expect(made.data.length).toBe(elementCount(tensor.shape) * bytes);
      }),
    );
  });

  it('differ by seed and by name', () => {
    const make = (name: string, seed: number) =>
      sampleTensor({ name, datatype: 'FP32', shape: [9] }, 'likely', seed).data;
    expect(make('x', 1)).not.toEqual(make('x', 2));
    expect(make('x', 1)).not.toEqual(make('y', 1));
  });

  it('are about normal and exact in BF16', () => {
    const { data } = sampleTensor({ name: 'x', datatype: 'FP32', shape: [10_000] }, 'likely', 1);
    const values = Array.from(elementsOf('FP32', data as Uint8Array));
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(0, 1);
    expect(values.reduce((sum, value) => sum + value * value, 0) / values.length).toBeCloseTo(1, 1);
    expect(values.every((value) => Number.isInteger(value * 64) && Math.abs(value) < 4)).toBe(true);
  });

  it('are small integers, or those that the model compares with', () => {
    const spec = { name: 'x', datatype: 'INT64', shape: [50] } as const;
    const values = (hint?: { strings: string[]; integers: number[] }) =>
      new Set(elementsOf('INT64', sampleTensor(spec, 'likely', 1, hint).data as Uint8Array));
    expect(values()).toEqual(new Set([0n, 1n]));
    expect(values({ strings: [], integers: [16_000, 8_000] })).toEqual(new Set([16_000n]));
  });
});

describe('hints from the graph', () => {
  const graph = model({
    name: 'hints',
    opsets: { '': 17, [mlDomain]: 3 },
    inputs: [
      tensorValue('rate', INT64, []),
      tensorValue('colour', STRING, ['n', 1]),
      tensorValue('size', STRING, ['n', 1]),
      tensorValue('plain', FLOAT, ['n']),
    ],
    outputs: [tensorValue('y', FLOAT, ['n', 4])],
    nodes: [
      node('Equal', ['rate', 'sixteen'], ['is_sixteen']),
      node('Identity', ['colour'], ['same_colour']),
      node('OneHotEncoder', ['same_colour'], ['c'], { cats_strings: { strings: ['red', 'blue'] } }, mlDomain),
      node('OneHotEncoder', ['size'], ['s'], { cats_strings: { strings: ['S', 'XL'] } }, mlDomain),
      node('Concat', ['c', 's'], ['y'], { axis: { int: 1 } }),
    ],
    initializers: [integers('sixteen', [], [16_000])],
  }).graph;

  it('are the categories that an input is looked up in, and the integers it is compared with', () => {
    const hints = valueHints(graph);
    expect(Object.fromEntries(hints)).toEqual({
      rate: { strings: [], integers: [16_000] },
      colour: { strings: ['red', 'blue'], integers: [] },
      size: { strings: ['S', 'XL'], integers: [] },
    });
  });
});
