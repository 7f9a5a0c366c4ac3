import { numbers } from '../models.ts';
import { gzip, inferOf, input, padded, repeated, requestFlood } from '../request-flood.ts';

const asked = '"outputs":[{"name":"y","parameters":{"classification":999999999999}}]';

/** Rows as wide, and as many, as fit. */
export const classification = requestFlood({
  name: 'classification',
  about: 'the best 999,999,999,999 classes of every row',
  perSecond: 5,
  requests: () => [
    gzip(inferOf(numbers.name), padded(`${asked},${input('FP32', [1, 2_000_000], repeated('1', 2_000_000))}`)),
    gzip(inferOf(numbers.name), padded(`${asked},${input('FP32', [1, 65_536], repeated('1', 65_536))}`)),
    gzip(inferOf(numbers.name), padded(`${asked},${input('FP32', [65_536, 1], repeated('1', 65_536))}`)),
  ],
});
