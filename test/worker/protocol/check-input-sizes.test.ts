import { expect, test } from 'vitest';
import { checkInputSizes } from '../../../worker/protocol/check-input-sizes.ts';
import { tensor } from './wire.ts';

const limits = [
  { name: 'ids', shape: [2, 8], elements: 10 },
  { name: 'constructor', shape: [null, 4], elements: 4 },
];
const input = (name: string, shape: number[]) =>
  tensor(name, 'UINT8', shape, new Array(shape.reduce((a, b) => a * b)).fill(0));

test('inputs within their limits pass, those without a limit have none', () => {
  checkInputSizes([input('ids', [1, 8]), input('constructor', [1, 4]), input('other', [9, 9])], limits);
  checkInputSizes([input('ids', [2, 5])], limits);
  checkInputSizes([input('ids', [9, 9])], []);
});

test.each([
  [input('ids', [3, 1]), "input 'ids': axis 0 has 3, the limit is 2, got UINT8 [3,1]"],
  [input('ids', [1, 9]), "input 'ids': axis 1 has 9, the limit is 8, got UINT8 [1,9]"],
  [input('ids', [2, 6]), "input 'ids': it has 12 elements, the limit is 10, got UINT8 [2,6]"],
  [input('constructor', [1, 5]), "input 'constructor': axis 1 has 5, the limit is 4, got UINT8 [1,5]"],
])('an input beyond its limit is refused, also as the last of several: case %#', (last, message) => {
  expect(() => checkInputSizes([input('other', [9, 9]), last], limits)).toThrow(
    expect.objectContaining({ code: 'TOO_LARGE', status: 413, message }),
  );
});
