// The forms in which an inference comes and goes: Open Inference Protocol or plain records, and TensorFlow Serving's REST form.
import type { Manifest } from '../../registry/manifest.ts';
import { elementBytes, elementCount } from '../../registry/signature.ts';
import { type Admit, admitFor } from '../protocol/check-inputs.ts';
import { decodePredictRequest, type PredictRequest } from '../protocol/decode-predict.ts';
import { decodeInferRequest } from '../protocol/decode-request.ts';
import { encodePredictResponse } from '../protocol/encode-predict.ts';
import { encodePredictions } from '../protocol/encode-predictions.ts';
import { encodeInferResponse } from '../protocol/encode-response.ts';
import type { EncodedMessage } from '../protocol/envelope.ts';
import type { DecodeLimits, InferRequest, RunRequest } from '../protocol/infer-request.ts';
import { type HeadParts, KnownHead } from '../protocol/known-head.ts';
import type { KnownHeads } from '../protocol/known-heads.ts';
import type { NonFinite } from '../protocol/non-finite.ts';
import type { Tensor } from '../protocol/tensor.ts';
import type { Account } from '../runtime/ledger.ts';
import type { CountedItem } from '../telemetry/drift/count-items.ts';
import type { SampledItem } from '../telemetry/sample/input-sampler.ts';
import type { AnsweredQuestion } from './shadow-question.ts';

/** A picture or a text, and the answer to it. */
export interface AnsweredItem extends CountedItem, SampledItem {}

/** How a request's body becomes inputs, and outputs become the answer's body. */
export interface InferenceCodec<R extends RunRequest> {
  /** @throws PopserveError for a request that cannot be understood */
  decode(): R;
  encode(request: R, outputs: readonly Tensor[]): EncodedMessage;
  /**
   * Bytes of the answer at most, where it is not made of the outputs as they are.
   * @throws {PopserveError} TOO_LARGE beyond `maxBytes`
   */
  answerBytes?(outputs: readonly Tensor[], maxBytes: number): number;
  /** What a pipeline was sent and what it answers, for drift and samples; left out for tensors and records. */
  items?(outputs: readonly Tensor[]): readonly AnsweredItem[];
  /** What a shadow is asked and compared with, once it is encoded; left out for tensors and records. */
  answered?(): AnsweredQuestion;
}

/** Tensors are answered with tensors, plain records with predictions. @param headerLength Inference-Header-Content-Length as it came */
export function oipCodec(
  manifest: Manifest,
  message: { readonly body: Uint8Array; readonly headerLength: string | null },
  {
    limits,
    heads,
    nonFinite,
  }: { readonly limits: DecodeLimits; readonly heads: KnownHeads; readonly nonFinite: NonFinite },
  account: Account,
): InferenceCodec<InferRequest> {
  // Binary tensors are views on the body, which is counted already.
  const admit = message.headerLength === null ? admitInto(account, manifest) : admitFor(manifest);
  const { model, version, signature, features, labels } = manifest;
  let parts: HeadParts | null = null;
  const onHead = (told: HeadParts) => {
    parts = told;
  };
  return {
    decode: () => {
      const known = heads.read(manifest, message, limits, admit);
      if (known !== null) return known;
      // Elements that are read once more have taken room already: those behind a known head, and those that are refused.
      const onRepeat = () => account.give('decoded');
      onRepeat();
      return decodeInferRequest({ ...message, signature, features, limits, admit, onHead, onRepeat });
    },
    encode: (request, outputs) => {
      const { id, records } = request;
      if (records !== undefined) return encodePredictions(manifest, { id, count: records, outputs, nonFinite });
      // The request has passed every check, and the model has run on it.
      const head = parts === null ? null : KnownHead.of(manifest, message, parts, request);
      if (head !== null) heads.keep(head);
      return encodeInferResponse({
        ...{ modelName: model, modelVersion: version, outputs, request, nonFinite },
        ...(id === undefined ? {} : { id }),
        ...(labels ? { labels } : {}),
      });
    },
  };
}

/** @see https://github.com/tensorflow/serving/blob/master/tensorflow_serving/g3doc/api_rest.md */
export function predictCodec(
  manifest: Manifest,
  body: Uint8Array,
  { limits, nonFinite }: { readonly limits: DecodeLimits; readonly nonFinite: NonFinite },
  account: Account,
): InferenceCodec<PredictRequest> {
  const admit = admitInto(account, manifest);
  return {
    decode: () => decodePredictRequest(body, manifest, limits, admit),
    encode: (request, outputs) => encodePredictResponse(request, outputs, manifest.signature, nonFinite),
  };
}

/** A string is an array of its own: its head in memory, whatever it holds. */
const stringBytes = 64;

/** Counts what a tensor takes once it is decoded, from its head: before an element of it is read. */
function admitInto(account: Account, manifest: Manifest): Admit {
  const admit = admitFor(manifest);
  return (tensor) => {
    admit(tensor);
    const { datatype, shape } = tensor;
    account.take('decoded', elementCount(shape) * (datatype === 'BYTES' ? stringBytes : elementBytes[datatype]));
  };
}
