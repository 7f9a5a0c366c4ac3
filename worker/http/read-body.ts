// How much one request may bring, and how long it may take: kept before memory is taken for it.
import { PopserveError } from '../../registry/errors.ts';
import { inflate, readContentEncoding } from '../protocol/inflate.ts';
import type { Account } from '../runtime/ledger.ts';
import { BodyBuffer } from './body-buffer.ts';
import { clientGone } from './client-gone.ts';
import { drainReader } from './drain.ts';

/** Raw bytes, and the types that browsers and curl give to a body whose type nobody named: it is JSON all the same. */
const readable = new Set(['', 'application/octet-stream', 'text/plain', 'application/x-www-form-urlencoded']);

/** @see https://mimesniff.spec.whatwg.org/#json-mime-type, and the unregistered `x-json` of older libraries */
const jsonType = /^(?:[^/]+\/[^/]*\+json|(?:application|text)\/(?:x-)?json)$/;

export interface BodyLimits {
  /** Most bytes of the body as it came. */
  readonly maxBodyBytes: number;
  /** Most bytes after inflating. */
  readonly maxInflatedBytes: number;
  /** From the first look at the body to its last byte. */
  readonly maxSeconds: number;
  /** Media types that are taken beside JSON and raw bytes. */
  readonly readsMedia?: (mediaType: string) => boolean;
}

/** A body of at most this that tells its length is read in one call, and holds no room before it is there. */
const smallBytes = 16_384;
/** How often a body's pace is looked at, and what has to have come since the last look. */
const paceMs = 10_000;
const paceBytes = 20_480;
/** Size of one read: the default is 4 KiB. */
const readBytes = 65_536;

/** What the headers of a request say of its body, as they came. */
export interface BodyHead {
  readonly contentType: string | null;
  readonly contentEncoding: string | null;
  /** Null for no length, and for one that is no number: it would pass every limit. */
  readonly contentLength: number | null;
}

export function bodyHeadOf({ headers }: Request): BodyHead {
  const declared = headers.get('content-length');
  return {
    contentType: headers.get('content-type'),
    contentEncoding: headers.get('content-encoding'),
    contentLength: declared !== null && /^\d+$/.test(declared) ? Number(declared) : null,
  };
}

/**
 * Reads a request's body whole, inflated if it came compressed. Room is taken as its bytes arrive, whatever length it declares.
 * @param account told of every byte before it is kept
 * @throws PopserveError TOO_LARGE, UNSUPPORTED_MEDIA, INVALID_ARGUMENT for a broken compression; they name the limit or what is
 *   supported; BODY_TIMEOUT for a slow body; CLIENT_GONE; UNAVAILABLE and RATE_LIMITED where other requests leave no room
 */
export async function readBody(
  request: Request,
  limits: BodyLimits,
  account: Account,
  head: BodyHead = bodyHeadOf(request),
): Promise<Uint8Array> {
  const compression = readContentEncoding(head.contentEncoding);
  const mediaType = head.contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (!readable.has(mediaType) && !jsonType.test(mediaType) && !limits.readsMedia?.(mediaType)) {
    throw new PopserveError(
      'UNSUPPORTED_MEDIA',
      `content type '${mediaType}' is not supported: send application/json or application/octet-stream`,
    );
  }
  const { maxBodyBytes, maxInflatedBytes, maxSeconds } = limits;
  const declared = head.contentLength;
  if (declared !== null && declared > maxBodyBytes) throw tooLarge(declared, maxBodyBytes);
  if (isSmall(head)) {
    const bytes = await wholeOf(request);
    account.take('bodies', bytes.length);
    return bytes;
  }
  if (request.body === null) return new Uint8Array();
  const room = {
    take: (bytes: number) => account.take('bodies', bytes),
    give: (bytes: number) => account.give('bodies', bytes),
  };
  const reader = request.body.getReader({ mode: 'byob' });
  const chunks = paced(reader, maxBodyBytes, maxSeconds);
  const isPlain = compression === null;
  const buffer = new BodyBuffer(room, isPlain ? declared : null, isPlain ? maxBodyBytes : maxInflatedBytes);
  try {
    if (compression === null) {
      for await (const chunk of chunks) buffer.append(chunk);
      return buffer.whole();
    }
    const keep = (piece: Uint8Array) => buffer.append(piece);
    await inflate({ chunks, compression, declaredBytes: declared ?? 0, maxBytes: maxInflatedBytes, keep });
    return buffer.whole();
  } catch (error) {
    buffer.free();
    account.give('bodies');
    // A slow body is not waited for a second time.
    if (error instanceof PopserveError && error.code === 'BODY_TIMEOUT') reader.cancel(error).catch(() => undefined);
    else await drainReader(reader);
    throw error;
  }
}

/** Whether a body comes in one call, and holds no room while it does. */
export function isSmall({ contentLength, contentEncoding }: BodyHead): boolean {
  return contentLength !== null && contentLength <= smallBytes && readContentEncoding(contentEncoding) === null;
}

async function wholeOf(request: Request): Promise<Uint8Array> {
  try {
    return await request.bytes();
  } catch (error) {
    throw clientGone(error);
  }
}

function gone(error: unknown): never {
  throw clientGone(error);
}

/**
 * @returns pieces, each valid until the next one is asked for
 * @throws PopserveError TOO_LARGE, BODY_TIMEOUT
 */
async function* paced(
  reader: ReadableStreamBYOBReader,
  maxBytes: number,
  maxSeconds: number,
): AsyncGenerator<Uint8Array, void> {
  const slow = Promise.withResolvers<never>();
  // Where the body is refused otherwise, nobody waits for this one.
  slow.promise.catch(() => undefined);
  let total = 0;
  let seen = 0;
  let buffer = new ArrayBuffer(readBytes);
  const refuse = (what: string) =>
    slow.reject(new PopserveError('BODY_TIMEOUT', `${what}: ${total} bytes of the body had come`));
  const deadline = setTimeout(() => refuse(`the body took longer than ${maxSeconds} s`), maxSeconds * 1000);
  const pace = setInterval(() => {
    if (total - seen < paceBytes) refuse(`the body comes slower than ${paceBytes} bytes in ${paceMs / 1000} s`);
    seen = total;
  }, paceMs);
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(new Uint8Array(buffer)).catch(gone), slow.promise]);
      if (done) return;
      total += value.length;
      if (total > maxBytes) throw tooLarge(total, maxBytes);
      yield value;
      buffer = value.buffer;
    }
  } finally {
    clearTimeout(deadline);
    clearInterval(pace);
  }
}

function tooLarge(bytes: number, maxBytes: number): PopserveError {
  return new PopserveError('TOO_LARGE', `the body has ${bytes} bytes or more, the limit is ${maxBytes}`);
}
