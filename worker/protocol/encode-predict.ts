// TensorFlow Serving's REST form of a prediction's answer: the row format for `instances`, the column format for `inputs`.
// https://github.com/tensorflow/serving/blob/master/tensorflow_serving/g3doc/api_rest.md
import { encodeBase64 } from '../../registry/bytes.ts';
import { invalid } from '../../registry/errors.ts';
import { elementCount } from '../../registry/signature.ts';
import type { PredictRequest } from './decode-predict.ts';
import { describeShape, quote } from './describe.ts';
import type { EncodedMessage } from './envelope.ts';
import { elementTexts, nestTexts } from './json-rows.ts';
import type { Tensor } from './tensor.ts';

/** Row format: `predictions`, one per instance; column format: `outputs`, whole tensors. Of one output the value alone. */
export function encodePredictResponse(request: PredictRequest, outputs: readonly Tensor[]): EncodedMessage {
  const texts = outputs.map((output) => ({
    name: output.name,
    shape: output.shape,
    elements: bytesOrTexts(output),
  }));
  const headers = { 'content-type': 'application/json' };
  const single = texts.length === 1;
  const collect = (values: readonly string[]) =>
    single
      ? (values[0] ?? 'null')
      : `{${values.map((value, index) => `${JSON.stringify(texts[index]?.name)}:${value}`).join(',')}}`;
  if (request.format === 'column') {
    const whole = collect(texts.map(({ elements, shape }) => nestTexts(elements, shape)));
    return { headers, body: `{"outputs":${whole}}` };
  }
  for (const { name, shape } of texts) {
    if (shape[0] === request.count) continue;
    throw invalid(
      `output ${quote(name)}: ${describeShape(shape)} has no row for each of ${request.count} instances; ask with 'inputs'`,
    );
  }
  const rows = Array.from({ length: request.count }, (_, row) =>
    collect(
      texts.map(({ elements, shape }) => {
        const rest = shape.slice(1);
        const step = elementCount(rest);
        return nestTexts(elements.slice(row * step, (row + 1) * step), rest);
      }),
    ),
  );
  return { headers, body: `{"predictions":[${rows.join(',')}]}` };
}

/** As TensorFlow Serving has it: an output whose name ends in `_bytes` is base64, any other is text. */
function bytesOrTexts(output: Tensor): string[] {
  if (!output.name.endsWith('_bytes') || output.data instanceof Uint8Array) {
    return elementTexts(output, `output ${quote(output.name)}`);
  }
  return output.data.map((bytes) => JSON.stringify({ b64: encodeBase64(bytes) }));
}
