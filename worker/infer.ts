// One inference, forward: decode, check, run, encode. The version was resolved before and stays the same throughout.
import { PopserveError } from '../registry/errors.ts';
import type { Signature } from '../registry/signature.ts';
import type { Isolate } from './isolate.ts';
import { checkInputs } from './protocol/check-inputs.ts';
import { checkLimits } from './protocol/check-limits.ts';
import { decodeInferRequest } from './protocol/decode-request.ts';
import { encodeInferResponse } from './protocol/encode-response.ts';
import type { EncodedMessage } from './protocol/envelope.ts';
import type { InferRequest } from './protocol/infer-request.ts';
import type { Resolved } from './routing/route-table.ts';
import type { RequestScope } from './runtime/request-scope.ts';
import { fromRuntimeTensor, toRuntimeTensor } from './runtime/tensors.ts';
import { decodeLimits } from './security/limits.ts';

interface Message {
  readonly body: Uint8Array;
  readonly headerLength: string | null;
}

/**
 * @param message body and raw value of Inference-Header-Content-Length
 * @returns the OIP answer; its headers name version, epoch and digest that it was made of
 * @throws PopserveError for any fault of the request or of the model
 */
export async function infer(
  isolate: Isolate,
  resolved: Resolved,
  message: Message,
  scope: RequestScope,
): Promise<EncodedMessage> {
  try {
    return await inferCounted(isolate, resolved, message, scope);
  } catch (error) {
    isolate.counters.fail(resolved, error instanceof PopserveError ? error.code : 'INTERNAL');
    throw error;
  }
}

async function inferCounted(
  isolate: Isolate,
  resolved: Resolved,
  message: Message,
  scope: RequestScope,
): Promise<EncodedMessage> {
  const { manifest, epoch } = resolved;
  const { signature } = manifest;
  const startedAt = performance.now();
  const request = decodeInferRequest({ ...message, signature, limits: decodeLimits });
  checkInputs(request, signature);
  if (manifest.limits) checkLimits(request.inputs, manifest.limits);
  const inputs = request.inputs.map(toRuntimeTensor);
  const outputNames = [...new Set((request.outputs ?? signature.outputs).map(({ name }) => name))];
  const decodedAt = performance.now();
  let loadedAt = decodedAt;
  let ranAt = decodedAt;
  const answer = await isolate.models.use(manifest, scope, ({ session }) => {
    loadedAt = performance.now();
    // The outputs are views on the heap: they go straight into the answer's body.
    return session.run(inputs, outputNames, (tensors) => {
      ranAt = performance.now();
      const outputs = tensors.map((tensor, index) => fromRuntimeTensor(outputNames[index] ?? '', tensor));
      const encoded = encodeInferResponse({
        modelName: manifest.model,
        modelVersion: manifest.version,
        ...(request.id === undefined ? {} : { id: request.id }),
        request,
        outputs,
        ...(manifest.labels ? { labels: manifest.labels } : {}),
      });
      isolate.drift.count(manifest, request.inputs, outputs);
      return encoded;
    });
  });
  isolate.counters.succeed(resolved, batchOf(request, signature), {
    queueMs: loadedAt - decodedAt,
    inputMs: decodedAt - startedAt,
    inferMs: ranAt - loadedAt,
    outputMs: performance.now() - ranAt,
  });
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

/** Items in a request: what the first dimension counts where it is variable, else one. */
function batchOf({ inputs: [first] }: InferRequest, { inputs: [spec] }: Signature): number {
  return spec?.shape[0] === -1 ? (first?.shape[0] ?? 1) : 1;
}
