// One inference, forward: decode, check, run, encode, count. Its version was resolved before and stays the same throughout.
import { batchOf, recordsIn } from '../../registry/batch.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { Isolate } from '../isolate.ts';
import { checkAnswerSize } from '../protocol/check-answer.ts';
import type { EncodedMessage } from '../protocol/envelope.ts';
import { outputNames, type RunRequest } from '../protocol/infer-request.ts';
import type { Tensor } from '../protocol/tensor.ts';
import type { RequestScope } from '../request-scope.ts';
import type { Resolved } from '../routing/route-table.ts';
import type { Account } from '../runtime/ledger.ts';
import { serverTiming } from '../runtime/load-times.ts';
import { callerBucket, type Sender } from '../telemetry/drift/caller-bucket.ts';
import { numberSlots } from '../telemetry/feedback/judgement.ts';
import { type Predicted, predictedOf } from '../telemetry/feedback/predicted.ts';
import { sideOf } from '../telemetry/sides.ts';
import type { RequestTrace } from '../telemetry/trace/request-trace.ts';
import type { InferenceCodec } from './codecs.ts';
import { runChecked, Timing } from './run-checked.ts';
import { isSampled, runShadow } from './shadow.ts';
import { askPipeline, askTensors, type ShadowQuestion } from './shadow-question.ts';

/** The parts of a call that are not its message: work behind its answer, the memory that it holds, and who sent it. */
export interface Holding {
  readonly scope: RequestScope;
  readonly account: Account;
  /** Null: what is sent is not counted for drift. */
  readonly sender: Sender | null;
  /** Told of the steps; undefined: nobody asks. */
  readonly trace: RequestTrace | undefined;
  /** The caller wants an id of the answer, to tell later what was true. */
  readonly wantsId: boolean;
}

interface Encoded {
  readonly message: EncodedMessage;
  readonly question: ShadowQuestion | null;
  readonly predicted: Predicted | null;
}

/**
 * @returns the answer in the codec's form; its headers name version, epoch and digest. A promise only where something waits
 * @throws PopserveError for any fault of the request or of the model
 */
export function infer<R extends RunRequest>(
  isolate: Isolate,
  resolved: Resolved,
  codec: InferenceCodec<R>,
  holding: Holding,
): EncodedMessage | Promise<EncodedMessage> {
  const { scope, account, sender, trace, wantsId } = holding;
  const { manifest } = resolved;
  const { signature } = manifest;
  const timing = new Timing();
  trace?.watch(timing);
  const request = codec.decode();
  const names = request.known?.names ?? outputNames(request, signature);
  const shadowed = isSampled(resolved);
  const records = recordsIn(request.inputs, batchOf(signature));
  const encode = (outputs: readonly Tensor[]): Encoded => {
    const { maxBodyBytes } = isolate.config;
    const mostBytes = codec.answerBytes?.(outputs, maxBodyBytes) ?? checkAnswerSize(outputs, request, maxBodyBytes);
    account.take('answers', mostBytes);
    // The outputs are views on the heap: they go straight into the answer's body.
    const message = codec.encode(request, outputs);
    account.give('answers', mostBytes - message.body.length);
    if (sender !== null) {
      const items = codec.items && (() => codec.items?.(outputs) ?? []);
      isolate.drift.count(manifest, sender, request.inputs, outputs, items);
      isolate.sampler.sample(manifest, request.inputs, outputs, items);
    }
    const predicted = wantsId ? predictedOf(manifest, outputs, records) : null;
    const question = shadowed ? questionOf(manifest, codec, { request, outputs, encoded: message }, account) : null;
    return { message, question, predicted };
  };
  const finish = ({ message, question, predicted }: Encoded): EncodedMessage | Promise<EncodedMessage> => {
    isolate.counters.succeed(resolved, records, timing.end());
    if (timing.engine === 'litert') isolate.counters.answerFromLitert(resolved);
    if (shadowed) runShadow(isolate, resolved, question, { scope, account });
    const { body } = message;
    const { load, engine } = timing;
    const headers = isolate.stamp.on(message.headers, resolved, engine);
    const told = load === null ? headers : { ...headers, 'server-timing': serverTiming(load, resolved.routeMs) };
    if (predicted === null || sender === null) return { body, headers: told };
    return answerId(isolate, resolved, sender, predicted).then((id) => ({ body, headers: { ...told, ...id } }));
  };
  const encoded = runChecked(isolate, { manifest, request, names, timing }, holding, encode);
  return encoded instanceof Promise ? encoded.then(finish) : finish(encoded);
}

/** Null where there is no room to keep what a shadow is compared with. */
function questionOf<R extends RunRequest>(
  manifest: Manifest,
  codec: InferenceCodec<R>,
  made: { readonly request: R; readonly outputs: readonly Tensor[]; readonly encoded: EncodedMessage },
  account: Account,
): ShadowQuestion | null {
  const answered = codec.answered?.();
  if (answered === undefined) return askTensors(manifest, made.request, made.outputs, account);
  return askPipeline(manifest, answered, made.encoded.body.length, account);
}

/** The header with the id of an answer; none for an answer that no id has room for. */
async function answerId(
  { answerIds, pop }: Isolate,
  resolved: Resolved,
  sender: Sender,
  predicted: Predicted,
): Promise<{ 'popserve-answer-id'?: string }> {
  const { manifest, epoch } = resolved;
  const { model, version } = manifest;
  const claim = {
    ...{ version, epoch, side: sideOf(resolved, version), pop: pop ?? 'unknown', predicted },
    bucket: callerBucket(model, sender, numberSlots),
  };
  const id = await answerIds?.give(model, claim, Date.now());
  return id == null ? {} : { 'popserve-answer-id': id };
}
