import { numbers } from '../models.ts';
import { gzip, inferOf, input, padded, repeated, requestFlood } from '../request-flood.ts';

/** As it was found, and as large as it is let in. */
export const stringsForNumbers = requestFlood({
  name: 'strings-for-numbers',
  about: 'millions of empty strings for a model that takes none',
  perSecond: 10,
  requests: () => [
    gzip(inferOf(numbers.name), `{${input('BYTES', [11_000_000], repeated('""', 11_000_000))}}`),
    gzip(inferOf(numbers.name), padded(input('BYTES', [2_600_000, 1], repeated('""', 2_600_000)))),
    gzip(inferOf(numbers.name), padded(input('FP32', [2_600_000, 1], repeated('""', 2_600_000)))),
  ],
});
