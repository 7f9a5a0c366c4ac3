import { numbers } from '../models.ts';
import { gzip, inferOf, input, padded, requestFlood } from '../request-flood.ts';

const names = Array.from({ length: 500_000 }, (_, index) => `"p${index}":1`).join(',');

export const manyParameters = requestFlood({
  name: 'many-parameters',
  about: 'half a million parameters, of the request and of an input',
  perSecond: 5,
  requests: () => [
    gzip(inferOf(numbers.name), padded(`"parameters":{${names}},${input('FP32', [1, 1], '1')}`)),
    gzip(
      inferOf(numbers.name),
      padded(`"inputs":[{"name":"x","datatype":"FP32","shape":[1,1],"data":[1],"parameters":{${names}}}]`),
    ),
  ],
});
