import { texts } from '../models.ts';
import { gzip, inferOf, input, padded, requestFlood } from '../request-flood.ts';

const zeros = 'A'.repeat(6_000_000);

export const base64 = requestFlood({
  name: 'base64',
  about: 'megabytes of base64 in the rows of /v1, right ones and wrong ones',
  perSecond: 5,
  requests: () => [
    gzip(`/v1/models/${texts.name}:predict`, `{"instances":[[{"b64":"${'A'.repeat(32_000_000)}"}]]}`),
    gzip(`/v1/models/${texts.name}:predict`, padded(`"instances":[[{"b64":"${zeros}"}]]`)),
    gzip(`/v1/models/${texts.name}:predict`, padded(`"instances":[[{"b64":"${zeros}*"}]]`)),
    gzip(inferOf(texts.name), padded(input('BYTES', [1, 1], `{"b64":"${zeros}"}`))),
  ],
});
