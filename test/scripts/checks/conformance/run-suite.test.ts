import { rm } from 'node:fs/promises';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CaseResult, runSuite } from '../../../../scripts/checks/conformance/run-suite.ts';
import { summarize } from '../../../../scripts/checks/conformance/summary.ts';
import { type Dimension, model, node, tensorType, tensorValue } from '../../../../scripts/onnx/build.ts';
import type { NodeProto, TypeProto, ValueInfoProto } from '../../../../scripts/onnx/onnx_pb.ts';
import {
  OptionalProtoSchema,
  SequenceProtoSchema,
  TensorProtoSchema,
  TypeProtoSchema,
  TensorProto_DataType as types,
  ValueInfoProtoSchema,
} from '../../../../scripts/onnx/onnx_pb.ts';
import { temporaryFolder, writeCase } from './case-folder.ts';

const { FLOAT: float, INT64: int64, UINT2: uint2, INT2: int2, FLOAT8E8M0: e8m0 } = types;

const tensor = (elementType: number, dims: readonly number[], data: ArrayBufferView<ArrayBuffer>) =>
  create(TensorProtoSchema, { dataType: elementType, dims: dims.map(BigInt), rawData: new Uint8Array(data.buffer) });
const floats = (...values: number[]) => tensor(float, [values.length], Float32Array.from(values));
const scalarFloat = (value: number) => tensor(float, [], Float32Array.of(value));
const file = (value: ReturnType<typeof tensor>) => toBinary(TensorProtoSchema, value);
const sequenceFile = (...tensorValues: ReturnType<typeof tensor>[]) =>
  toBinary(SequenceProtoSchema, create(SequenceProtoSchema, { elemType: 1, tensorValues }));
const optionalFile = (tensorValue?: ReturnType<typeof tensor>) =>
  toBinary(OptionalProtoSchema, create(OptionalProtoSchema, { elemType: 1, ...(tensorValue ? { tensorValue } : {}) }));

const floatType = (shape: readonly Dimension[]) => tensorType(float, shape);
const sequenceOf = (elemType: TypeProto) =>
  create(TypeProtoSchema, { value: { case: 'sequenceType', value: { elemType } } });
const optionalOf = (elemType: TypeProto) =>
  create(TypeProtoSchema, { value: { case: 'optionalType', value: { elemType } } });
const value = (name: string, type: TypeProto) => create(ValueInfoProtoSchema, { name, type });

const graph = (inputs: ValueInfoProto[], outputs: ValueInfoProto[], ...nodes: NodeProto[]) =>
  model({ name: 'test', opsets: { '': 25 }, irVersion: 11, inputs, outputs, nodes });

describe('running cases in workerd', () => {
  let folder: string;
  let results: Map<string, CaseResult>;

  beforeAll(async () => {
    folder = await temporaryFolder();
    const relu = graph([tensorValue('x', float, [2])], [tensorValue('y', float, [2])], node('Relu', ['x'], ['y']));
    const bomb = graph(
      [tensorValue('shape', int64, [1])],
      [tensorValue('y', float, [null])],
      node('ConstantOfShape', ['shape'], ['y']),
    );
    const cast = (to: number) =>
      graph(
        [tensorValue('x', float, [3])],
        [tensorValue('y', to, [3])],
        node('Cast', ['x'], ['y'], { to: { int: to } }),
      );
    const castFrom = (from: number) =>
      graph(
        [tensorValue('x', from, [3])],
        [tensorValue('y', float, [3])],
        node('Cast', ['x'], ['y'], { to: { int: float } }),
      );
    const split = graph(
      [value('x', floatType([2]))],
      [value('y', sequenceOf(floatType([])))],
      node('SplitToSequence', ['x'], ['y'], { keepdims: { int: 0 } }),
    );
    const identity = (type: TypeProto) => graph([value('x', type)], [value('y', type)], node('Identity', ['x'], ['y']));
    const sequence = identity(sequenceOf(floatType([null])));
    const optional = identity(optionalOf(floatType([null])));
    const passed = file(floats(1, 2));
    const inputIsOutput = graph(
      [tensorValue('x', float, [2])],
      [tensorValue('x', float, [2]), tensorValue('y', float, [2])],
      node('Relu', ['x'], ['y']),
    );
    const cases = [
      await writeCase(folder, 'right', relu, [file(floats(-1, 2))], [file(floats(0, 2))]),
      await writeCase(folder, 'wrong', relu, [file(floats(-1, 2))], [file(floats(0, 3))]),
      await writeCase(folder, 'two terabytes', bomb, [file(tensor(int64, [1], BigInt64Array.of(2n ** 39n)))], [passed]),
      await writeCase(folder, 'after the bomb', relu, [file(floats(1, 2))], [passed]),
      await writeCase(
        folder,
        'no such operator',
        graph(relu.graph.input, relu.graph.output, node('Rely', ['x'], ['y'])),
        [passed],
        [passed],
      ),
      await writeCase(folder, 'wrong input shape', relu, [file(floats(1, 2, 3))], [passed]),
      await writeCase(
        folder,
        'input is output',
        inputIsOutput,
        [file(floats(-1, 2))],
        [file(floats(-1, 2)), file(floats(0, 2))],
      ),
      await writeCase(
        folder,
        'to uint2',
        cast(uint2),
        [file(floats(1, 2, 3))],
        [file(tensor(uint2, [3], Uint8Array.of(0b111001)))],
      ),
      await writeCase(
        folder,
        'to int2',
        cast(int2),
        [file(floats(1, -2, -1))],
        [file(tensor(int2, [3], Uint8Array.of(0b111001)))],
      ),
      await writeCase(
        folder,
        'to e8m0',
        cast(e8m0),
        [file(floats(1, 2, 4))],
        [file(tensor(e8m0, [3], Uint8Array.of(127, 128, 129)))],
      ),
      await writeCase(
        folder,
        'from int2',
        castFrom(int2),
        [file(tensor(int2, [3], Uint8Array.of(0b111001)))],
        [file(floats(1, -2, -1))],
      ),
      await writeCase(
        folder,
        'sequence out',
        split,
        [file(floats(5, 6))],
        [sequenceFile(scalarFloat(5), scalarFloat(6))],
      ),
      await writeCase(folder, 'sequence too short', split, [file(floats(5, 6))], [sequenceFile(scalarFloat(5))]),
      await writeCase(
        folder,
        'sequence through',
        sequence,
        [sequenceFile(floats(1), floats(2, 3))],
        [sequenceFile(floats(1), floats(2, 3))],
      ),
      await writeCase(folder, 'empty sequence', sequence, [sequenceFile()], [sequenceFile()]),
      await writeCase(folder, 'optional', optional, [optionalFile(floats(4))], [optionalFile(floats(4))]),
      await writeCase(folder, 'optional that is not there', optional, [optionalFile()], [optionalFile()]),
      await writeCase(folder, 'optional there after all', optional, [optionalFile(floats(4))], [optionalFile()]),
    ];
    const all = await runSuite(cases, { jobs: 1, profile: 'fast' });
    results = new Map(all.map((result) => [result.suiteCase.name, result]));
  }, 60_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const outcome = (name: string) => {
    const result = results.get(name);
    return result?.cause ? `${result.category}: ${result.cause}` : result?.category;
  };

  it('tells a right answer from a wrong one, and names the difference', () => {
    expect(outcome('right')).toBe('pass');
    expect(outcome('wrong')).toBe("fail-mismatch: output 'y': 1 of 2 elements differ, most at 1: expected 3, got 2");
  });

  it('goes on with the next case after one that asks for more memory than there is', () => {
    expect(outcome('two terabytes')).not.toBe('pass');
    expect(outcome('after the bomb')).toBe('pass');
  });

  it('says whether the runtime refused the model or its inputs', () => {
    expect(outcome('no such operator')).toMatch(/^unsupported-op: .*Rely/);
    expect(outcome('wrong input shape')).toMatch(/^fail-run: .*Got invalid dimensions/s);
  });

  it('runs a model that hands an input out as it is', () => {
    expect(outcome('input is output')).toBe('pass');
  });

  it('reads and writes the types that the runtime numbers in two ways: uint2, int2, float8e8m0', () => {
    expect(['to uint2', 'to int2', 'to e8m0', 'from int2'].map(outcome)).toEqual(['pass', 'pass', 'pass', 'pass']);
  });

  it('puts sequences together and takes them apart inside the model', () => {
    expect(['sequence out', 'sequence through', 'empty sequence'].map(outcome)).toEqual(['pass', 'pass', 'pass']);
    expect(results.get('sequence out')?.extended).toBe(true);
    expect(outcome('sequence too short')).toMatch(/^fail-mismatch: output 'y\/length': .*expected 1, got 2/);
  });

  it('does the same with optionals, there or not', () => {
    expect(['optional', 'optional that is not there'].map(outcome)).toEqual(['pass', 'pass']);
    expect(outcome('optional there after all')).toMatch(/^fail-mismatch: output 'y\/present': .*expected 0, got 1/);
  });

  it('counts as lost what stock passes and this does not', () => {
    const summary = summarize([...results.values()]);
    expect(summary.lost).toEqual(expect.arrayContaining(['wrong', 'no such operator']));
    expect(summary.lost).not.toContain('right');
    expect(summary.operators.find(({ operator }) => operator === 'Relu')).toMatchObject({ cases: 5, passing: 3 });
  });
});
