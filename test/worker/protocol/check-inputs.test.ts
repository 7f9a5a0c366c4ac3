import { expect, test } from 'vitest';
import type { Signature } from '../../../registry/signature.ts';
import { checkInputs } from '../../../worker/protocol/check-inputs.ts';
import { tensor } from './wire.ts';

const signature: Signature = {
  inputs: [
    { name: 'x', datatype: 'FP32', shape: [-1, 4] },
    { name: 'constructor', datatype: 'INT64', shape: [] },
  ],
  outputs: [
    { name: 'label', datatype: 'INT64', shape: [-1] },
    { name: 'scores', datatype: 'FP32', shape: [-1, 2] },
  ],
};

const x = tensor('x', 'FP32', [1, 4], [1, 2, 3, 4]);
const scalar = tensor('constructor', 'INT64', [], [1n]);

function check(inputs: Parameters<typeof checkInputs>[0]['inputs'], outputs: readonly string[] | null = null): void {
  const requested = outputs?.map((name) => ({ name, binary: undefined, classification: undefined })) ?? null;
  checkInputs({ parameters: {}, inputs, outputs: requested, binaryOutputs: false }, signature);
}

test('a request that fits passes, in any order and any size of the variable dimension', () => {
  check([scalar, x], ['scores']);
  check([tensor('x', 'FP32', [0, 4], []), scalar]);
});

test.each([
  [[x], "input 'constructor': expected INT64 [], got none"],
  [[x, scalar, x], "input 'x': expected FP32 [-1,4], got 2 of it"],
  [
    [x, scalar, { ...x, name: '__proto__' }],
    "input '__proto__': not an input of the model, which has 'x', 'constructor'",
  ],
  [[tensor('x', 'FP32', [2, 3], [1, 2, 3, 4, 5, 6]), scalar], "input 'x': expected FP32 [-1,4], got FP32 [2,3]"],
  [[tensor('x', 'FP32', [4], [1, 2, 3, 4]), scalar], "input 'x': expected FP32 [-1,4], got FP32 [4]"],
  [[tensor('x', 'FP64', [1, 4], [1, 2, 3, 4]), scalar], "input 'x': expected FP32 [-1,4], got FP64 [1,4]"],
  [[x, tensor('constructor', 'INT64', [1], [1n])], "input 'constructor': expected INT64 [], got INT64 [1]"],
])('inputs that do not fit are refused: case %#', (inputs, message) => {
  expect(() => check(inputs)).toThrow(expect.objectContaining({ status: 400, message }));
});

test('an output that the model does not have is refused with those it has', () => {
  const message = "output 'score': not an output of the model, which has 'label', 'scores'";
  expect(() => check([x, scalar], ['label', 'score'])).toThrow(expect.objectContaining({ status: 400, message }));
});
