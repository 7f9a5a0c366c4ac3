// TensorFlow Serving's REST form of a prediction's answer: the row format for `instances`, the column format for `inputs`.
// https://github.com/tensorflow/serving/blob/master/tensorflow_serving/g3doc/api_rest.md
import { encodeBase64 } from '../../registry/bytes.ts';
import { elementCount, type Signature } from '../../registry/signature.ts';
import type { PredictRequest } from './decode-predict.ts';
import { quote } from './describe.ts';
import type { EncodedMessage } from './envelope.ts';
import { elementTexts, nestTexts } from './json-rows.ts';
import type { NonFinite } from './non-finite.ts';
import { rowsOf } from './output-rows.ts';
import type { Tensor } from './tensor.ts';

/**
 * Row format: `predictions`, one per instance; column format: `outputs`, whole tensors. A model with one output gives its value alone.
 * An output without a batch axis is answered whole, to one instance.
 * @throws {PopserveError} INVALID_ARGUMENT if an output has not one row for each instance, although its signature allows for that
 */
export function encodePredictResponse(
  request: PredictRequest,
  outputs: readonly Tensor[],
  signature: Signature,
  nonFinite: NonFinite = 'null',
): EncodedMessage {
  const headers = { 'content-type': 'application/json' };
  const names = outputs.map(({ name }) => JSON.stringify(name));
  const collect = (values: readonly string[]) =>
    names.length === 1
      ? (values[0] ?? 'null')
      : `{${values.map((value, index) => `${names[index]}:${value}`).join(',')}}`;
  if (request.format === 'column') {
    const whole = collect(outputs.map((output) => nestTexts(bytesOrTexts(output, nonFinite), output.shape)));
    return { headers, body: `{"outputs":${whole}}` };
  }
  const { count } = request;
  const rowsByOutput = outputs.map((output) => {
    const { rows, shape } = rowsOf(output, signature, count, "'inputs'");
    const elements = bytesOrTexts(output, nonFinite);
    const step = elementCount(shape);
    return Array.from({ length: rows }, (_, row) => nestTexts(elements.slice(row * step, (row + 1) * step), shape));
  });
  const rows = Array.from({ length: count }, (_, row) => collect(rowsByOutput.map((texts) => texts[row] ?? 'null')));
  return { headers, body: `{"predictions":[${rows.join(',')}]}` };
}

/** As TensorFlow Serving has it: an output whose name ends in `_bytes` is base64, any other is text. */
function bytesOrTexts(output: Tensor, nonFinite: NonFinite): string[] {
  if (!output.name.endsWith('_bytes') || output.data instanceof Uint8Array) {
    return elementTexts(output, `output ${quote(output.name)}`, nonFinite);
  }
  return output.data.map((bytes) => JSON.stringify({ b64: encodeBase64(bytes) }));
}
