// One inference, forward: decode, check, run, encode. The version was resolved before and stays the same throughout.
import type { Isolate } from './isolate.ts';
import { checkInputs } from './protocol/check-inputs.ts';
import { decodeInferRequest } from './protocol/decode-request.ts';
import { encodeInferResponse } from './protocol/encode-response.ts';
import type { EncodedMessage } from './protocol/envelope.ts';
import type { Resolved } from './routing/route-table.ts';
import type { RequestScope } from './runtime/model-cache.ts';
import { fromRuntimeTensor, toRuntimeTensor } from './runtime/tensors.ts';
import { decodeLimits } from './security/limits.ts';

/**
 * @param message body and raw value of Inference-Header-Content-Length
 * @returns the OIP answer; its headers name version, epoch and digest that it was made of
 * @throws PopserveError for any fault of the request or of the model
 */
export async function infer(
  isolate: Isolate,
  { manifest, epoch }: Resolved,
  message: { readonly body: Uint8Array; readonly headerLength: string | null },
  scope: RequestScope,
): Promise<EncodedMessage> {
  const { signature } = manifest;
  const request = decodeInferRequest({ ...message, signature, limits: decodeLimits });
  checkInputs(request, signature);
  const inputs = request.inputs.map(toRuntimeTensor);
  const outputNames = [...new Set((request.outputs ?? signature.outputs).map(({ name }) => name))];
  const answer = await isolate.models.use(manifest, scope, ({ session }) =>
    // The outputs are views on the heap: they go straight into the answer's body.
    session.run(inputs, outputNames, (tensors) =>
      encodeInferResponse({
        modelName: manifest.model,
        modelVersion: manifest.version,
        ...(request.id === undefined ? {} : { id: request.id }),
        request,
        outputs: tensors.map((tensor, index) => fromRuntimeTensor(outputNames[index] ?? '', tensor)),
        ...(manifest.labels ? { labels: manifest.labels } : {}),
      }),
    ),
  );
  return {
    body: answer.body,
    headers: {
      ...answer.headers,
      'popserve-version': manifest.version,
      'popserve-epoch': String(epoch),
      'popserve-digest': manifest.artifacts.model.digest,
    },
  };
}
