// The models that fuzzing asks: one of one tensor with a variable axis, and one with a scalar of every kind.
import type { Signature } from '../../../registry/signature.ts';
import { floats, model, node, tensorValue } from '../../onnx/build.ts';
import { type OnnxModel, writeModel } from '../../onnx/model-file.ts';

export interface FuzzModel {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly signature: Signature;
}

/** y = x + 10. */
export const adder: FuzzModel = {
  name: 'fuzz-adder',
  bytes: writeModel(adderModel()),
  signature: {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
  },
};

/** Input name, datatype and ONNX element type. */
export const kinds = [
  ['single', 'FP32', 1],
  ['byte', 'UINT8', 2],
  ['long', 'INT64', 7],
  ['text', 'BYTES', 8],
  ['flag', 'BOOL', 9],
  ['half', 'FP16', 10],
  ['double', 'FP64', 11],
] as const;

/** Gives every input back under its name and `_out`; FP16 as FP32, which has a JSON form. */
export const kindsModel: FuzzModel = {
  name: 'fuzz-kinds',
  bytes: writeModel(identities()),
  signature: {
    inputs: kinds.map(([name, datatype]) => ({ name, datatype, shape: [-1, 1] })),
    outputs: kinds.map(([name, datatype]) => ({
      name: `${name}_out`,
      datatype: datatype === 'FP16' ? 'FP32' : datatype,
      shape: [-1, 1],
    })),
  },
};

function adderModel(): OnnxModel {
  return model({
    name: 'adder',
    opsets: { '': 17 },
    inputs: [tensorValue('x', 1, ['batch', 2])],
    outputs: [tensorValue('y', 1, ['batch', 2])],
    nodes: [node('Add', ['x', 'constant'], ['y'])],
    initializers: [floats('constant', [], [10])],
  });
}

function identities(): OnnxModel {
  return model({
    name: 'kinds',
    opsets: { '': 17 },
    inputs: kinds.map(([name, , type]) => tensorValue(name, type, ['batch', 1])),
    outputs: kinds.map(([name, , type]) => tensorValue(`${name}_out`, type === 10 ? 1 : type, ['batch', 1])),
    nodes: kinds.map(([name, , type]) =>
      type === 10
        ? node('Cast', [name], [`${name}_out`], { to: { int: 1 } })
        : node('Identity', [name], [`${name}_out`]),
    ),
    initializers: [],
  });
}
