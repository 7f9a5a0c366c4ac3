import { numbers, recurrent } from '../models.ts';
import { inferOf, input, json, requestFlood } from '../request-flood.ts';

const shapes = [
  [0, 5],
  [5, 0],
  [0, 0],
  [1e15, 0],
  [0, 1e15],
  [4_294_967_297, 0],
  [9_007_199_254_740_991, 0],
] as const;

export const zeroSizes = requestFlood({
  name: 'zero-sizes',
  about: 'inputs without elements, also beside enormous dimensions',
  perSecond: 50,
  requests: () => [
    json(inferOf(recurrent.name), `{${input('FP32', [0, 1, 1024], '')}}`),
    ...shapes.map((shape) => json(inferOf(numbers.name), `{${input('FP32', shape, '')}}`)),
  ],
});
