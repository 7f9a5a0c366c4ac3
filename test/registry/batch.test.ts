// The batch that a signature allows where publishing did not find one, and the rows of a request.
import { describe, expect, it } from 'vitest';
import { batchOf, declaredBatch, recordsIn, recordsTaken } from '../../registry/batch.ts';
import type { Signature } from '../../registry/signature.ts';

const spec = (name: string, shape: number[]) => ({ name, datatype: 'FP32' as const, shape });
const signature = (inputs: number[][], outputs: number[][]): Signature => ({
  inputs: inputs.map((shape, index) => spec(`x${index}`, shape)),
  outputs: outputs.map((shape, index) => spec(`y${index}`, shape)),
});

describe('a signature alone', () => {
  it.each<[string, number[][], number[][], number, string[], string[]]>([
    ['variable', [[-1, 4]], [[-1], [2], [-1, 3]], -1, ['x0'], ['y0', 'y2']],
    ['all of one fixed size', [[8, 4], [8]], [[8], [-1], [2]], 8, ['x0', 'x1'], ['y0']],
    ['fixed in some and variable in others', [[8, 4], [-1]], [[8], [-1], [2]], 8, ['x0', 'x1'], ['y0', 'y1']],
    [
      'one',
      [[1, 4]],
      [
        [1, 2],
        [-1, 2],
      ],
      1,
      ['x0'],
      ['y0'],
    ],
    ['variable, beside a scalar', [[-1, 4], []], [[-1], [1]], 1, ['x0'], ['y0', 'y1']],
    ['of several sizes', [[2, 4], [3]], [[2]], 1, [], []],
    ['nowhere', [[]], [[]], 1, [], []],
    ['empty', [[0, 4]], [[0]], 1, [], []],
  ])('whose axis 0 is %s', (_, inputs, outputs, size, batched, answered) => {
    const batch = declaredBatch(signature(inputs, outputs));
    expect([batch.size, [...batch.inputs], [...batch.outputs]]).toEqual([size, batched, answered]);
  });
});

it('what publishing found out goes before what the signature allows for', () => {
  const found = { ...signature([[-1]], [[-1]]), batch: { size: 1, inputs: [], outputs: [] } };
  expect([...batchOf(found).inputs]).toEqual([]);
  expect(recordsTaken(found)).toBe(1);
});

it('records in a request are counted by the inputs that have them, in any order, and as one where these do not agree', () => {
  const batch = batchOf({ ...signature([[-1], []], [[-1]]), batch: { size: -1, inputs: ['x0'], outputs: ['y0'] } });
  expect(recordsIn([spec('x1', []), spec('x0', [3])], batch)).toBe(3);
  expect(recordsIn([spec('x1', [5])], batch)).toBe(1);
  const two = batchOf(signature([[-1], [-1]], [[-1]]));
  expect(recordsIn([spec('x0', [3]), spec('x1', [1])], two)).toBe(1);
  expect(recordsIn([spec('x0', [0]), spec('x1', [0])], two)).toBe(0);
});

it('several records need a row of every output', () => {
  expect(recordsTaken(signature([[-1]], [[-1], [-1, 2]]))).toBe(-1);
  expect(recordsTaken(signature([[-1]], [[-1], [2]]))).toBe(1);
  expect(recordsTaken(signature([[4]], [[4]]))).toBe(4);
  expect(recordsTaken(signature([[4]], [[4], []]))).toBe(0);
});
