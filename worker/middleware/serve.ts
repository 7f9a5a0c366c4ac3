// The frame around every call that is answered by running a model, whatever form the call has.
import type { Context } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import { answer, type Unchanged } from '../http/answer.ts';
import type { AppContext } from '../http/app-context.ts';
import { holderOf, senderOf } from '../http/caller.ts';
import { popOf } from '../http/pop.ts';
import { type BodyHead, type BodyLimits, bodyHeadOf, isSmall, readBody } from '../http/read-body.ts';
import { passJson, passUnreadJson } from '../http/work.ts';
import { fallbackFor } from '../inference/fallback.ts';
import type { Holding } from '../inference/infer.ts';
import { isMedia, noPipeline } from '../inference/pipeline-request.ts';
import type { Isolate } from '../isolate.ts';
import { type EncodedMessage, headerLengthName } from '../protocol/envelope.ts';
import type { Resolved, Selector } from '../routing/route-table.ts';
import { isAtHand } from '../runtime/engines.ts';
import { freeBytes } from '../runtime/free-bytes.ts';
import type { Account } from '../runtime/ledger.ts';
import { lastCallHeader } from '../telemetry/latency/last-call.ts';

/** Answers a call with the version that it was resolved to, and counts in `account` what that holds in memory. */
export type Operation = (
  served: Resolved,
  body: Uint8Array,
  account: Account,
) => EncodedMessage | Unchanged | Promise<EncodedMessage | Unchanged>;

/** What a call holds and who asked it, for {@link infer}. */
export function holdingOf(c: Context<AppContext>, account: Account): Holding {
  const wantsId = c.get('isolate').answerIds !== null && c.req.header('popserve-feedback') !== undefined;
  return { scope: c.executionCtx, account, sender: senderOf(c), trace: c.get('trace'), wantsId };
}

const noBody = new Uint8Array();
/** Smaller ones hold little, for little time. */
const largeBytes = 65_536;

/**
 * Resolves the version once, counts what the request holds in the isolate's ledger until its answer has left, lets stable answer
 * for a canary that cannot be had, and sends what was counted behind the answer.
 * @param operation called again with stable if the canary is UNAVAILABLE
 * @throws PopserveError for any fault of the request or of the model
 */
export async function serve(c: Context<AppContext>, selector: Selector, operation: Operation): Promise<Response> {
  const isolate = c.get('isolate');
  const startedAt = startOf(c);
  const { routes } = isolate;
  const served = routes.resolveNow(selector, c.executionCtx) ?? (await routes.resolve(selector, c.executionCtx));
  c.get('trace')?.route(served, startedAt);
  const { raw } = c.req;
  const head = bodyHeadOf(raw);
  const held = hold(c, isSmall(head) && isAtHand(isolate, served.manifest));
  held.served = served;
  held.startedAt = startedAt;
  try {
    if (raw.method === 'POST') {
      const headerLength = raw.headers.get(headerLengthName);
      const media = isMedia(head.contentType);
      const jsonBytes = (bodyBytes: number) => (media ? 0 : jsonBytesOf(headerLength, bodyBytes));
      if (jsonBytes(Number.POSITIVE_INFINITY) >= largeBytes) passUnreadJson(c);
      const limits = bodyLimits(isolate, served, { isBinary: headerLength !== null, media, head });
      try {
        held.body = await readBody(raw, limits, held.account, head);
      } catch (error) {
        countGone(isolate, served, error);
        throw error;
      }
      passJson(c, jsonBytes(held.body.length));
    }
    return await answerWith(c, held, operation);
  } finally {
    release(c, held);
  }
}

/** What a body of JSON asks for. */
export interface NamedCall {
  readonly selector: Selector;
  readonly operation: Operation;
}

/**
 * The same for a call whose body names the model: it is read before a version is resolved, as JSON.
 * @param read may refuse the body
 * @throws PopserveError for any fault of the request or of the model
 */
export async function serveNamed(c: Context<AppContext>, read: (body: Uint8Array) => NamedCall): Promise<Response> {
  const isolate = c.get('isolate');
  const held = hold(c, false);
  try {
    const { raw } = c.req;
    const head = bodyHeadOf(raw);
    const mostJson = jsonBytesOf(raw.headers.get(headerLengthName), Number.POSITIVE_INFINITY);
    if (mostJson >= largeBytes && !isMedia(head.contentType)) passUnreadJson(c);
    held.body = await readBody(raw, jsonLimits(isolate), held.account, head);
    passJson(c, held.body.length);
    const { selector, operation } = read(held.body);
    held.startedAt = startOf(c);
    held.served = await isolate.routes.resolve(selector, c.executionCtx);
    c.get('trace')?.route(held.served, held.startedAt);
    return await answerWith(c, held, operation);
  } finally {
    release(c, held);
  }
}

/** What a request holds until it has been answered. */
interface Held {
  readonly account: Account;
  body: Uint8Array;
  /** The version that answers; undefined until it is known. */
  served: Resolved | undefined;
  /** When a version was looked for, for a trace. */
  startedAt: number;
  /** Called when everything was given back; null where the answer is not waited for. */
  readonly end: (() => void) | null;
}

/** When a version is looked for, where a trace tells it. */
function startOf(c: Context<AppContext>): number {
  return c.get('trace') === undefined ? 0 : performance.now();
}

/** @param isQuick is answered without a pause */
function hold(c: Context<AppContext>, isQuick: boolean): Held {
  const account = c.get('isolate').ledger.open(holderOf(c));
  let end: Held['end'] = null;
  // The platform drops a request whose client has gone, without a word to its code: not before this has given its room back.
  if (!isQuick) {
    const ended = Promise.withResolvers<void>();
    c.executionCtx.waitUntil(ended.promise);
    end = ended.resolve;
  }
  return { account, body: noBody, served: undefined, startedAt: 0, end };
}

function release(c: Context<AppContext>, { account, body, served, end }: Held): void {
  // Views on it may be among what a shadow run still needs.
  if (body.length >= largeBytes && account.held('shadows') === 0) freeBytes(body);
  account.give('bodies');
  account.give('decoded');
  end?.();
  if (served === undefined) return;
  const isolate = c.get('isolate');
  const { model } = served.manifest;
  countLastCall(c, served);
  isolate.reporter.flushBehind(model, popOf(isolate), isolate.routes.serving(model), c.executionCtx);
}

async function answerWith(c: Context<AppContext>, held: Held, operation: Operation): Promise<Response> {
  const { account, body } = held;
  for (;;) {
    const { served } = held;
    if (served === undefined) throw new Error('a call of no version');
    try {
      const message = operation(served, body, account);
      return answer(c, message instanceof Promise ? await message : message, account);
    } catch (error) {
      account.give('decoded');
      account.give('answers');
      held.served = fallbackFor(c.get('isolate'), served, error);
      c.get('trace')?.route(held.served, held.startedAt);
    }
  }
}

/** Counts what the caller says of its last call; the operator's own are no production data. */
function countLastCall(c: Context<AppContext>, served: Resolved): void {
  const header = c.req.header(lastCallHeader);
  if (header === undefined) return;
  const { latency, pop } = c.get('isolate');
  const sender = senderOf(c);
  if (sender !== null) latency.count(header, served, sender, popOf({ pop }));
}

/** The bytes of a body that are JSON: all of it, or as many as its header says. */
function jsonBytesOf(headerLength: string | null, bodyBytes: number): number {
  return headerLength === null ? bodyBytes : Math.min(bodyBytes, Number(headerLength) || 0);
}

/** Counts a client that has gone, which no other failure of a body is. */
function countGone({ counters }: Isolate, served: Resolved, error: unknown): void {
  if (error instanceof PopserveError && error.code === 'CLIENT_GONE') counters.fail(served, error.code);
}

/** JSON costs several times its size to read, binary tensors nothing: so a body that is JSON throughout has the lower limit. */
function bodyLimits(
  isolate: Isolate,
  { manifest }: Resolved,
  { isBinary, media, head }: { readonly isBinary: boolean; readonly media: boolean; readonly head: BodyHead },
): BodyLimits {
  const { maxBodyBytes, maxInflatedBytes, maxBodySeconds: maxSeconds } = isolate.config;
  if (isBinary) return { maxBodyBytes, maxInflatedBytes, maxSeconds };
  if (!media) return jsonLimits(isolate);
  if (manifest.pipeline === undefined) throw noPipeline(manifest, head.contentType ?? '');
  return { maxBodyBytes, maxInflatedBytes, maxSeconds, readsMedia: isMedia };
}

function jsonLimits({ config }: Isolate): BodyLimits {
  const { maxBodyBytes, maxInflatedBytes, maxBodySeconds: maxSeconds, decodeLimits } = config;
  const { maxJsonBytes } = decodeLimits;
  return {
    maxBodyBytes: Math.min(maxBodyBytes, maxJsonBytes),
    maxInflatedBytes: Math.min(maxInflatedBytes, maxJsonBytes),
    maxSeconds,
  };
}
