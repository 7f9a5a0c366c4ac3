// The frame around every call that is answered by running a model, whatever form the call has.
import type { Context } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import { answer, type Unchanged } from '../http/answer.ts';
import type { AppContext } from '../http/app-context.ts';
import { holderOf, senderOf } from '../http/caller.ts';
import { freeBytes } from '../http/free-bytes.ts';
import { popOf } from '../http/pop.ts';
import { type BodyLimits, isSmall, readBody } from '../http/read-body.ts';
import { passJson, passUnreadJson } from '../http/work.ts';
import { fallbackFor } from '../inference/fallback.ts';
import type { Holding } from '../inference/infer.ts';
import { isMedia, noPipeline } from '../inference/pipeline-request.ts';
import type { Isolate } from '../isolate.ts';
import { type EncodedMessage, headerLengthName } from '../protocol/envelope.ts';
import type { Resolved, Selector } from '../routing/route-table.ts';
import type { Account } from '../runtime/ledger.ts';
import { lastCallHeader } from '../telemetry/latency/last-call.ts';

/** Answers a call with the version that it was resolved to, and counts in `account` what that holds in memory. */
export type Operation = (served: Resolved, body: Uint8Array, account: Account) => Promise<EncodedMessage | Unchanged>;

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
  const { served, startedAt } = await resolve(c, selector);
  const { raw } = c.req;
  const isQuick = isSmall(raw) && isolate.models.isLoaded(served.manifest);
  return await holding(c, isQuick, async (held) => {
    held.served = served;
    held.startedAt = startedAt;
    if (raw.method === 'POST') {
      if (jsonBytesOf(c, Number.POSITIVE_INFINITY) >= largeBytes) passUnreadJson(c);
      held.body = await readOwn(c, served, held.account);
      passJson(c, jsonBytesOf(c, held.body.length));
    }
    return await answerWith(c, held, operation);
  });
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
  return await holding(c, false, async (held) => {
    if (jsonBytesOf(c, Number.POSITIVE_INFINITY) >= largeBytes) passUnreadJson(c);
    held.body = await readBody(c.req.raw, jsonLimits(isolate), held.account);
    passJson(c, held.body.length);
    const { selector, operation } = read(held.body);
    const { served, startedAt } = await resolve(c, selector);
    held.served = served;
    held.startedAt = startedAt;
    return await answerWith(c, held, operation);
  });
}

/** What a request holds until it has been answered. */
interface Held {
  readonly account: Account;
  body: Uint8Array;
  /** The version that answers; undefined until it is known. */
  served?: Resolved;
  /** When a version was looked for, for a trace. */
  startedAt: number;
}

async function resolve(c: Context<AppContext>, selector: Selector): Promise<{ served: Resolved; startedAt: number }> {
  const trace = c.get('trace');
  const startedAt = trace === undefined ? 0 : performance.now();
  const served = await c.get('isolate').routes.resolve(selector, c.executionCtx);
  trace?.route(served, startedAt);
  return { served, startedAt };
}

/** @param isQuick is answered without a pause */
async function holding(
  c: Context<AppContext>,
  isQuick: boolean,
  work: (held: Held) => Promise<Response>,
): Promise<Response> {
  const isolate = c.get('isolate');
  const account = isolate.ledger.open(holderOf(c));
  const held: Held = { account, body: noBody, startedAt: 0 };
  const ended = Promise.withResolvers<void>();
  // The platform drops a request whose client has gone, without a word to its code: not before this has given its room back.
  if (!isQuick) c.executionCtx.waitUntil(ended.promise);
  try {
    return await work(held);
  } finally {
    const { body, served } = held;
    // Views on it may be among what a shadow run still needs.
    if (body.length >= largeBytes && account.held('shadows') === 0) freeBytes(body);
    account.give('bodies');
    account.give('decoded');
    ended.resolve();
    if (served !== undefined) {
      const { model } = served.manifest;
      countLastCall(c, served);
      isolate.reporter.flushBehind(model, popOf(isolate), isolate.routes.serving(model), c.executionCtx);
    }
  }
}

async function answerWith(c: Context<AppContext>, held: Held, operation: Operation): Promise<Response> {
  const { account, body } = held;
  for (;;) {
    const { served } = held;
    if (served === undefined) throw new Error('a call of no version');
    try {
      return answer(c, await operation(served, body, account), account);
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

/** The bytes of a body that are JSON: all of it, as many as its header says, or none of a picture or a text. */
function jsonBytesOf(c: Context<AppContext>, bodyBytes: number): number {
  if (isMedia(c.req.header('content-type') ?? null)) return 0;
  const told = c.req.header(headerLengthName);
  return told === undefined ? bodyBytes : Math.min(bodyBytes, Number(told) || 0);
}

/** Counts a client that has gone, which no other failure of a body is. */
async function readOwn(c: Context<AppContext>, served: Resolved, account: Account): Promise<Uint8Array> {
  try {
    return await readBody(c.req.raw, bodyLimits(c, served), account);
  } catch (error) {
    if (error instanceof PopserveError && error.code === 'CLIENT_GONE') {
      c.get('isolate').counters.fail(served, error.code);
    }
    throw error;
  }
}

/** JSON costs several times its size to read, binary tensors nothing: so a body that is JSON throughout has the lower limit. */
function bodyLimits(c: Context<AppContext>, { manifest }: Resolved): BodyLimits {
  const { maxBodyBytes, maxInflatedBytes, maxBodySeconds: maxSeconds } = c.var.isolate.config;
  const isBinary = c.req.header(headerLengthName) !== undefined;
  if (isBinary) return { maxBodyBytes, maxInflatedBytes, maxSeconds };
  if (isMedia(c.req.header('content-type') ?? null)) {
    if (manifest.pipeline === undefined) throw noPipeline(manifest, c.req.header('content-type') ?? '');
    return { maxBodyBytes, maxInflatedBytes, maxSeconds, readsMedia: isMedia };
  }
  return jsonLimits(c.var.isolate);
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
