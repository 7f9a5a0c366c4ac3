import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { type AttributeValue, floats, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  FunctionProtoSchema,
  GraphProtoSchema,
  type NodeProto,
  TensorProto_DataType,
  TensorProtoSchema,
} from '../../../scripts/onnx/onnx_pb.ts';
import { randomOperators } from '../../../scripts/onnx/random-operators.ts';

const { FLOAT, BOOL } = TensorProto_DataType;

function flag(name: string, value: boolean) {
  return create(TensorProtoSchema, { name, dims: [], dataType: BOOL, rawData: Uint8Array.of(Number(value)) });
}

/** x to y, by these nodes. */
function graphOf(...nodes: NodeProto[]) {
  return model({
    name: 'drawn',
    opsets: { '': 17 },
    inputs: [tensorValue('x', FLOAT, ['n']), tensorValue('mode', BOOL, [])],
    outputs: [tensorValue('y', FLOAT, ['n'])],
    nodes,
    initializers: [flag('on', true), flag('off', false), floats('half', [], [0.5]), floats('none', [], [0])],
  });
}

describe('operators that draw random numbers', () => {
  it.each<[string, Record<string, AttributeValue>]>([
    ['RandomNormalLike', {}],
    ['RandomUniformLike', { seed: { float: 42 } }],
    ['Bernoulli', {}],
    ['Multinomial', {}],
  ])('%s is one, with or without a seed', (type, attributes) => {
    expect(randomOperators(graphOf(node(type, ['x'], ['y'], attributes)))).toEqual([type]);
  });

  it('are found without inputs, behind others, and each once', () => {
    const noise = ['a', 'b'].map((name) => node('RandomNormal', [], [name], { shape: { ints: [1] } }));
    const sum = [node('Add', ['a', 'b'], ['c']), node('Add', ['x', 'c'], ['d']), node('Bernoulli', ['d'], ['y'])];
    expect(randomOperators(graphOf(...noise, ...sum))).toEqual(['Bernoulli', 'RandomNormal']);
  });

  it('are none where no output depends on them', () => {
    const unused = node('RandomNormalLike', ['x'], ['unused']);
    expect(randomOperators(graphOf(unused, node('Identity', ['x'], ['y'])))).toEqual([]);
  });

  it.each([
    ['in training mode', ['x', 'half', 'on'], ['Dropout']],
    ['where the caller decides', ['x', 'half', 'mode'], ['Dropout']],
    ['out of training mode', ['x', 'half', 'off'], []],
    ['without a mode', ['x'], []],
    ['that drops nothing', ['x', 'none', 'on'], []],
  ])('Dropout %s', (_, inputs, expected) => {
    expect(randomOperators(graphOf(node('Dropout', inputs, ['y'])))).toEqual(expected);
  });

  it('of another domain are something else', () => {
    expect(randomOperators(graphOf(node('Bernoulli', ['x'], ['y'], {}, 'com.example')))).toEqual([]);
    expect(randomOperators(graphOf(node('Sampling', ['x'], ['y'], {}, 'com.microsoft')))).toEqual(['Sampling']);
  });

  it('are found in the graphs inside a node, where a mode may come from outside', () => {
    const branch = (each: NodeProto) =>
      create(AttributeProtoSchema, {
        name: 'then_branch',
        type: AttributeProto_AttributeType.GRAPH,
        g: create(GraphProtoSchema, { node: [each] }),
      });
    const choice = (each: NodeProto) => {
      const outer = node('If', ['mode'], ['y']);
      outer.attribute.push(branch(each));
      return graphOf(outer);
    };
    expect(randomOperators(choice(node('RandomNormalLike', ['x'], ['z'])))).toEqual(['RandomNormalLike']);
    expect(randomOperators(choice(node('Dropout', ['x', 'half', 'off'], ['z'])))).toEqual([]);
  });

  it('are found in functions of the model, even one that calls itself', () => {
    const called = graphOf(node('noisy', ['x'], ['y'], {}, 'local'));
    const body = [node('RandomNormalLike', ['v'], ['w']), node('noisy', ['w'], ['u'], {}, 'local')];
    called.functions.push(create(FunctionProtoSchema, { domain: 'local', name: 'noisy', node: body }));
    expect(randomOperators(called)).toEqual(['RandomNormalLike']);
    const quiet = graphOf(node('quiet', ['x'], ['y'], {}, 'local'));
    const never = [node('Constant', [], ['m'], { value_int: { int: 0 } }), node('Dropout', ['v', '', 'm'], ['u'])];
    quiet.functions.push(create(FunctionProtoSchema, { domain: 'local', name: 'quiet', node: never }));
    expect(randomOperators(quiet)).toEqual([]);
  });
});
