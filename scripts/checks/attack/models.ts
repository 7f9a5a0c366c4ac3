// The models of an attack: a victim's, and small ones of every kind that attacking requests are made for.
import type { Signature } from '../../../registry/signature.ts';
import { floats, model, node, tensorValue } from '../../onnx/build.ts';
import { writeModel } from '../../onnx/model-file.ts';
import { adder, type FuzzModel } from '../fuzz/fuzz-models.ts';

const [float32, int64, text] = [1, 7, 8];

export const victimModel: FuzzModel = { ...adder, name: 'attack-victim' };

/** Gives its input back, whatever its two sizes. */
function identity(name: string, datatype: Signature['inputs'][number]['datatype'], elementType: number): FuzzModel {
  return {
    name,
    bytes: writeModel(
      model({
        name: 'identity',
        opsets: { '': 17 },
        inputs: [tensorValue('x', elementType, ['rows', 'columns'])],
        outputs: [tensorValue('y', elementType, ['rows', 'columns'])],
        nodes: [node('Identity', ['x'], ['y'])],
      }),
    ),
    signature: {
      inputs: [{ name: 'x', datatype, shape: [-1, -1] }],
      outputs: [{ name: 'y', datatype, shape: [-1, -1] }],
    },
  };
}

export const numbers = identity('attack-numbers', 'FP32', float32);
export const integers = identity('attack-integers', 'INT64', int64);
export const texts = identity('attack-texts', 'BYTES', text);

const hidden = 4;
const inputs = 1024;

/** A recurrent net: its kernel ended the runtime for inputs without rows. */
export const recurrent: FuzzModel = {
  name: 'attack-recurrent',
  bytes: writeModel(
    model({
      name: 'recurrent',
      opsets: { '': 17 },
      inputs: [tensorValue('x', float32, ['steps', 1, inputs])],
      outputs: [tensorValue('y', float32, [1, 1, hidden])],
      nodes: [node('LSTM', ['x', 'w', 'r'], ['', 'y'], { hidden_size: { int: hidden } })],
      initializers: [
        floats('w', [1, 4 * hidden, inputs], new Float32Array(4 * hidden * inputs)),
        floats('r', [1, 4 * hidden, hidden], new Float32Array(4 * hidden * hidden)),
      ],
    }),
  ),
  signature: {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 1, inputs] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 1, hidden] }],
  },
};

export const attackedModels: readonly FuzzModel[] = [numbers, integers, texts, recurrent];
