// Is an answer small enough to be put together? It stands in JS memory beside the heap, whose isolate has 128 MB for both.
import { PopserveError } from '../../registry/errors.ts';
import { elementBytes } from '../../registry/signature.ts';
import { quote } from './describe.ts';
import type { InferRequest } from './infer-request.ts';
import type { Tensor } from './tensor.ts';

/** Characters of an element in JSON, with its comma: what most floats take at most. */
const jsonBytesPerElement = 12;

/**
 * @param outputs as the model gave them: views on the heap, nothing copied yet
 * @param maxBytes of the body that they would make
 * @throws PopserveError TOO_LARGE naming the output that is too large and what would be smaller
 */
export function checkAnswerSize(
  outputs: readonly Tensor[],
  request: Pick<InferRequest, 'outputs' | 'binaryOutputs'>,
  maxBytes: number,
): void {
  let sum = 0;
  for (const { name, datatype, shape, data } of outputs) {
    if (!(data instanceof Uint8Array)) continue;
    const requested = request.outputs?.find((output) => output.name === name);
    if (requested?.classification !== undefined) continue;
    const binary = requested?.binary ?? request.binaryOutputs;
    const bytes = binary ? data.length : (data.length / elementBytes[datatype]) * jsonBytesPerElement;
    sum += bytes;
    if (sum <= maxBytes) continue;
    const smaller = !binary && data.length <= maxBytes ? ' (ask for it in the binary form)' : '';
    throw new PopserveError(
      'TOO_LARGE',
      `output ${quote(name)}: ${datatype} [${shape}] makes an answer of ${Math.round(sum)} bytes or more, the limit is ${maxBytes}${smaller}`,
    );
  }
}
