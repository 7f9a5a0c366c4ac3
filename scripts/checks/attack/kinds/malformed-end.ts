import { integers, numbers } from '../models.ts';
import { gzip, inferOf, input, padded, repeated, requestFlood } from '../request-flood.ts';

export const malformedEnd = requestFlood({
  name: 'malformed-end',
  about: 'large JSON with one wrong character at its end',
  perSecond: 5,
  requests: () => [
    gzip(inferOf(integers.name), padded(input('INT64', [3_900_000, 1], `${repeated('1', 3_899_999)},x`))),
    gzip(inferOf(numbers.name), padded(input('FP32', [3_900_000, 1], `${repeated('1', 3_899_999)},+`))),
    gzip(inferOf(numbers.name), `${padded(input('FP32', [3_900_000, 1], repeated('1', 3_900_000)))}}`),
  ],
});
