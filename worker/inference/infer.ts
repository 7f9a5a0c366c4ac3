// One inference, forward: decode, check, run, encode. The version was resolved before and stays the same throughout.
import { PopserveError } from '../../registry/errors.ts';
import type { Signature } from '../../registry/signature.ts';
import type { Isolate } from '../isolate.ts';
import { checkAnswerSize } from '../protocol/check-answer.ts';
import { checkInputs } from '../protocol/check-inputs.ts';
import { checkLimits } from '../protocol/check-limits.ts';
import { decodeInferRequest } from '../protocol/decode-request.ts';
import { encodePredictions } from '../protocol/encode-predictions.ts';
import { encodeInferResponse } from '../protocol/encode-response.ts';
import type { EncodedMessage } from '../protocol/envelope.ts';
import type { InferRequest } from '../protocol/infer-request.ts';
import type { Tensor } from '../protocol/tensor.ts';
import type { RequestScope } from '../request-scope.ts';
import type { Resolved } from '../routing/route-table.ts';
import { type LoadTimes, serverTiming } from '../runtime/load-times.ts';
import { fromRuntimeTensor, toRuntimeTensor } from '../runtime/tensors.ts';
import { copyTensors, isSampled, runShadow } from './shadow.ts';

/** How a request's body becomes inputs, and outputs become the answer's body. */
export interface InferenceCodec<R extends InferRequest> {
  decode(): R;
  encode(request: R, outputs: readonly Tensor[]): EncodedMessage;
}

/**
 * @param message body and raw value of Inference-Header-Content-Length
 * @returns the answer: tensors for tensors (OIP), predictions for records; its headers name version, epoch and digest
 * @throws PopserveError for any fault of the request or of the model
 */
export function infer(
  isolate: Isolate,
  resolved: Resolved,
  message: { readonly body: Uint8Array; readonly headerLength: string | null },
  scope: RequestScope,
): Promise<EncodedMessage> {
  const { model, version, signature, features, labels } = resolved.manifest;
  return inferWith(isolate, resolved, scope, {
    decode: () => decodeInferRequest({ ...message, signature, features, limits: isolate.config.decodeLimits }),
    encode: (request, outputs) => {
      const answer = {
        modelName: model,
        modelVersion: version,
        ...(request.id === undefined ? {} : { id: request.id }),
        outputs,
        ...(labels ? { labels } : {}),
      };
      return request.records === undefined
        ? encodeInferResponse({ ...answer, request })
        : encodePredictions({ ...answer, count: request.records });
    },
  });
}

/** One inference in whatever form it came. */
export async function inferWith<R extends InferRequest>(
  isolate: Isolate,
  resolved: Resolved,
  scope: RequestScope,
  codec: InferenceCodec<R>,
): Promise<EncodedMessage> {
  try {
    return await inferCounted(isolate, resolved, scope, codec);
  } catch (error) {
    isolate.counters.fail(resolved, error instanceof PopserveError ? error.code : 'INTERNAL');
    throw error;
  }
}

/** The headers that say what an answer was made of. */
export function versionHeaders({ manifest, epoch, insteadOf }: Resolved): Record<string, string> {
  return {
    ...(insteadOf === null ? {} : { 'popserve-instead-of': insteadOf }),
    'popserve-version': manifest.version,
    'popserve-epoch': String(epoch),
    'popserve-digest': manifest.artifacts.model.digest,
  };
}

async function inferCounted<R extends InferRequest>(
  isolate: Isolate,
  resolved: Resolved,
  scope: RequestScope,
  codec: InferenceCodec<R>,
): Promise<EncodedMessage> {
  const { manifest } = resolved;
  const { signature } = manifest;
  const startedAt = performance.now();
  const request = codec.decode();
  checkInputs(request, signature);
  if (manifest.limits) checkLimits(request.inputs, manifest.limits);
  const inputs = request.inputs.map(toRuntimeTensor);
  const outputNames = [...new Set((request.outputs ?? signature.outputs).map(({ name }) => name))];
  const sampled = isSampled(resolved);
  let copies: Tensor[] = [];
  const decodedAt = performance.now();
  let loadedAt = decodedAt;
  let ranAt = decodedAt;
  const cold = !isolate.models.isLoaded(manifest);
  let times: LoadTimes | null = null;
  const answer = await isolate.models.use(manifest, scope, (model) => {
    const { session } = model;
    times = cold ? model.times : null;
    loadedAt = performance.now();
    // The outputs are views on the heap: they go straight into the answer's body.
    return session.run(inputs, outputNames, (tensors) => {
      ranAt = performance.now();
      const outputs = tensors.map((tensor, index) => fromRuntimeTensor(outputNames[index] ?? '', tensor));
      checkAnswerSize(outputs, request, isolate.config.maxBodyBytes);
      const encoded = codec.encode(request, outputs);
      if (sampled) copies = copyTensors(outputs);
      isolate.drift.count(manifest, request.inputs, outputs);
      isolate.sampler.sample(manifest, request.inputs, outputs);
      return encoded;
    });
  });
  isolate.counters.succeed(resolved, batchOf(request, signature), {
    queueMs: loadedAt - decodedAt,
    inputMs: decodedAt - startedAt,
    inferMs: ranAt - loadedAt,
    outputMs: performance.now() - ranAt,
  });
  if (sampled) runShadow(isolate, resolved, { request, outputs: copies }, scope);
  const coldStart = times ? { 'server-timing': serverTiming(times, resolved.routeMs) } : {};
  return { body: answer.body, headers: { ...answer.headers, ...versionHeaders(resolved), ...coldStart } };
}

/** Items in a request: what the first dimension counts where it is variable, else one. */
function batchOf({ inputs: [first] }: InferRequest, { inputs: [spec] }: Signature): number {
  return spec?.shape[0] === -1 ? (first?.shape[0] ?? 1) : 1;
}
