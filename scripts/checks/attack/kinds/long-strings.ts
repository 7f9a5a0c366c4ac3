import { texts } from '../models.ts';
import { gzip, inferOf, input, padded, repeated, requestFlood } from '../request-flood.ts';

/** One of megabytes, and a million of shape [b,n]. */
export const longStrings = requestFlood({
  name: 'long-strings',
  about: 'one string of megabytes, and a million short ones',
  perSecond: 5,
  requests: () => [
    gzip(inferOf(texts.name), `{${input('BYTES', [1, 1], `"${'s'.repeat(20_000_000)}"`)}}`),
    gzip(inferOf(texts.name), padded(input('BYTES', [1, 1], `"${'s'.repeat(7_000_000)}"`))),
    gzip(inferOf(texts.name), padded(input('BYTES', [1, 1], `"${'\\u0041'.repeat(1_200_000)}"`))),
    gzip(inferOf(texts.name), padded(input('BYTES', [1000, 1000], repeated('"a"', 1_000_000)))),
  ],
});
