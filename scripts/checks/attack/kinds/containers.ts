import { numbers, texts } from '../models.ts';
import { gzip, inferOf, input, json, padded, repeated, requestFlood } from '../request-flood.ts';

/** Lists in lists, as data, as records and where nothing is expected. */
export const containers = requestFlood({
  name: 'containers',
  about: 'millions of empty lists',
  perSecond: 10,
  requests: () => [
    gzip(inferOf(numbers.name), `{${input('FP32', [11_000_000], repeated('[]', 11_000_000))}}`),
    gzip(inferOf(numbers.name), padded(input('FP32', [2_600_000, 1], repeated('[]', 2_600_000)))),
    gzip(inferOf(numbers.name), padded(input('FP32', [2_000_000, 1], repeated('[1]', 2_000_000)))),
    gzip(inferOf(texts.name), padded(`"instances":[${repeated('{}', 2_600_000)}]`)),
    gzip(`/v1/models/${numbers.name}:predict`, padded(`"instances":[${repeated('[[]]', 1_500_000)}]`)),
    gzip(inferOf(numbers.name), padded(`"unknown":[${repeated('[]', 2_600_000)}]`)),
    json(inferOf(numbers.name), `{${input('FP32', [1, 1], `${'['.repeat(500_000)}${']'.repeat(500_000)}`)}}`),
  ],
});
