// One HTTP call to a PoP, repeated where that is safe: time limits, back-off, Retry-After, and errors that say what to do.
import { setTimeout as delay } from 'node:timers/promises';
import { errorAnswerOf, errorMessageOf } from '../../registry/error-answer.ts';
import { errorCodeOf } from '../../registry/error-codes.ts';
import { PopserveError } from '../../registry/errors.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import { piecesOf, readAnswer } from './read-answer.ts';
import { lackingRight, missingToken, refusedToken } from './refused-token.ts';
import type { Settings } from './settings.ts';
import { mayBeOtherScheme, otherScheme, Unreached, WrongScheme } from './unreached.ts';

export interface Call {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Relative to the PoP's URL, segments already encoded: see {@link urlPath}. */
  readonly path: string;
  /** A Blob is streamed, from a file for example. */
  readonly body?: string | Uint8Array<ArrayBuffer> | Blob;
  readonly headers?: Readonly<Record<string, string>>;
  /** Send the operator's token. */
  readonly authorized: boolean;
  /**
   * `always`: repeating the call does no harm. `refused`: only what was surely not acted on is repeated, that is a 429 or a
   * connection that was never made.
   */
  readonly repeat: 'always' | 'refused';
  readonly timeoutMs?: number;
  /** The largest answer that is read; default: the largest that a PoP may give to an inference. */
  readonly mostBytes?: number;
  /** Error statuses that are answers to this caller and not thrown. */
  readonly accept?: readonly number[];
  /**
   * Takes the body of a success as it arrives, so that the reply has none. Called again for each try of the call; a PopserveError
   * ends it.
   */
  readonly receive?: (status: number, body: AsyncIterable<Uint8Array>) => Promise<void>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

const attempts = 5;
const firstDelayMs = 200;
/** Nobody waits longer at a prompt; a server that asks for more is reported instead. */
const longestDelayMs = 60_000;
const defaultTimeoutMs = 30_000;
/** A handshake of TLS takes less, and a port that does not speak it may leave the caller waiting for 10 s. */
const handshakeMs = 1000;
/** MAX_BODY_MIB is 64 at most. */
const defaultMostBytes = 65 * mebibyte;
/** A message and the callers that a change would hurt. */
const mostErrorBytes = mebibyte;
const passingStatuses = new Set([429, 502, 503, 504]);
export class Connection {
  readonly settings: Settings;
  readonly #wait: (ms: number) => Promise<unknown>;
  /** Whether the port has answered, or was asked by the other one of http and https. */
  #schemeIsKnown = false;

  constructor(settings: Settings, wait: (ms: number) => Promise<unknown> = delay) {
    this.settings = settings;
    this.#wait = wait;
  }

  /** @throws {PopserveError} with the server's message, or what to do if there is no server */
  async send(call: Call): Promise<Reply> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#tryInTime(call);
      if (outcome instanceof Reached && (outcome.ok || call.accept?.includes(outcome.reply.status))) {
        this.#schemeIsKnown = true;
        return outcome.reply;
      }
      await this.#checkScheme(outcome);
      const delayMs = attempt < attempts ? retryDelayMs(call, outcome, attempt) : null;
      if (delayMs === null) throw outcome instanceof Reached ? this.#refusal(outcome.reply, call) : outcome;
      await this.#wait(delayMs);
    }
  }

  /** @throws {WrongScheme} if the port speaks the other one of http and https: no further try would be answered */
  async #checkScheme(outcome: Reached | Unreached): Promise<void> {
    if (this.#schemeIsKnown || !isDoubtful(outcome)) return;
    this.#schemeIsKnown = true;
    const other = await otherScheme(this.settings.url);
    if (other !== null) throw new WrongScheme(this.settings, other, outcome instanceof Unreached ? outcome : undefined);
  }

  /** The first try by https, at a port of its own, is given up once that port is known to speak http. */
  async #tryInTime(call: Call): Promise<Reached | Unreached> {
    const { url } = this.settings;
    if (this.#schemeIsKnown || url.protocol !== 'https:' || url.port === '') return await this.#try(call);
    const given = new AbortController();
    try {
      const outcome = this.#try(call, given.signal);
      const isDone = outcome.then(() => true);
      const isLate = delay(handshakeMs, false, { signal: given.signal });
      const other = (await Promise.race([isDone, isLate])) ? null : await otherScheme(url);
      if (other === null) return await outcome;
      given.abort();
      throw new WrongScheme(this.settings, other, await outcome);
    } finally {
      given.abort();
    }
  }

  async #try(call: Call, givenUp?: AbortSignal): Promise<Reached | Unreached> {
    const { method, path, body, mostBytes = defaultMostBytes } = call;
    const headers = { ...call.headers, ...(call.authorized ? this.#authorization() : {}) };
    const timeoutMs = call.timeoutMs ?? defaultTimeoutMs;
    const startedAt = performance.now();
    try {
      const response = await fetch(new URL(path, this.settings.url), {
        method,
        headers,
        // A redirect would lose the body or the token; the right URL is named instead.
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(givenUp === undefined ? [] : [givenUp])]),
        ...(body === undefined ? {} : { body }),
      });
      const { status, headers: answered } = response;
      if (call.receive !== undefined && response.ok && response.body !== null) {
        await call.receive(status, piecesOf(response, mostBytes));
        return new Reached({ status, headers: answered, body: new Uint8Array() });
      }
      const bytes = await readAnswer(response, response.ok ? mostBytes : Math.min(mostBytes, mostErrorBytes));
      return new Reached({ status, headers: answered, body: bytes });
    } catch (error) {
      if (error instanceof PopserveError) throw error;
      return new Unreached(this.settings, error, { timeoutMs, tookMs: performance.now() - startedAt });
    }
  }

  #authorization(): Record<string, string> {
    const { token } = this.settings;
    if (token !== null) return { authorization: `Bearer ${token}` };
    throw new PopserveError('UNAUTHENTICATED', missingToken(this.settings));
  }

  #refusal({ status, headers, body }: Reply, { authorized }: Call): PopserveError {
    const location = headers.get('location');
    if (status >= 300 && status < 400 && location !== null) {
      const target = new URL(location, this.settings.url);
      return new PopserveError(
        'INVALID_ARGUMENT',
        `${this.settings.url} redirects to ${target.origin}; set ${this.settings.urlSource} to it`,
      );
    }
    const refusal = errorAnswerOf(body);
    const told = refusal?.error ?? null;
    const message =
      authorized && status === 401
        ? refusedToken(this.settings, told)
        : told === null
          ? `${this.settings.url} answered with status ${status} and no message; is it a PoP?`
          : authorized && status === 403
            ? lackingRight(this.settings, told)
            : told;
    const retryAfterSeconds = readRetryAfter(headers);
    return new PopserveError(errorCodeOf(status), message, {
      ...(retryAfterSeconds === null ? {} : { retryAfterSeconds }),
      ...(refusal?.contract === undefined ? {} : { contract: refusal.contract }),
    });
  }
}

/** A path of encoded segments: urlPath`registry/models/${model}`. */
export function urlPath(text: TemplateStringsArray, ...segments: readonly string[]): string {
  return text
    .map((part, index) => (index === 0 ? part : encodeURIComponent(segments[index - 1] ?? '') + part))
    .join('');
}

class Reached {
  readonly reply: Reply;

  constructor(reply: Reply) {
    this.reply = reply;
  }

  get ok(): boolean {
    return this.reply.status >= 200 && this.reply.status < 300;
  }
}

/** Whether the port may speak the other one of http and https: a port of TLS may answer plain requests with a page of its own. */
function isDoubtful(outcome: Reached | Unreached): boolean {
  if (outcome instanceof Unreached) return mayBeOtherScheme(outcome);
  const { status, body } = outcome.reply;
  return status === 400 && errorAnswerOf(body) === null;
}

function retryDelayMs(call: Call, outcome: Reached | Unreached, attempt: number): number | null {
  const backOffMs = firstDelayMs * 2 ** (attempt - 1);
  if (outcome instanceof Unreached) {
    if (outcome.neverSent) return attempt < 3 ? backOffMs : null;
    return outcome.passing && !outcome.slow && call.repeat === 'always' ? backOffMs : null;
  }
  const { status, headers, body } = outcome.reply;
  if (!passingStatuses.has(status) || (call.repeat === 'refused' && status !== 429)) return null;
  const askedSeconds = readRetryAfter(headers);
  // A PoP that gives a reason and no time to come back has decided: its control plane is off, for example.
  if (status === 503 && askedSeconds === null && errorMessageOf(body) !== null) return null;
  const delayMs = Math.max(backOffMs, (askedSeconds ?? 0) * 1000);
  return delayMs <= longestDelayMs ? delayMs : null;
}

/** Seconds, from a number or a date. */
function readRetryAfter(headers: Headers): number | null {
  const text = headers.get('retry-after')?.trim() ?? '';
  if (/^[0-9]+$/.test(text)) return Number(text);
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - Date.now()) / 1000));
}
