import { integers } from '../models.ts';
import { gzip, inferOf, input, padded, repeated, requestFlood } from '../request-flood.ts';

const beyondDouble = '9007199254740993';

/** The second is a request that is right, as large as one may be: 4 million integers that have to be read exactly. */
export const exactIntegers = requestFlood({
  name: 'exact-integers',
  about: 'millions of integers, one of them above 2^53',
  perSecond: 5,
  requests: () => [
    gzip(
      inferOf(integers.name),
      `{${input('INT64', [16_000_000, 1], `${repeated('1', 15_999_999)},${beyondDouble}`)}}`,
    ),
    gzip(inferOf(integers.name), padded(input('INT64', [3_900_000, 1], `${repeated('1', 3_899_999)},${beyondDouble}`))),
  ],
});
