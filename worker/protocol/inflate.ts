// Compressed request bodies, gzip and deflate: never more memory than the limit and one slice's output.
import { invalid, PopserveError } from '../../registry/errors.ts';

export type Compression = 'gzip' | 'deflate';

const compressions: Readonly<Record<string, Compression>> = { gzip: 'gzip', 'x-gzip': 'gzip', deflate: 'deflate' };

/**
 * workerd inflates all that it is given at once, whatever its reader has taken: 290 KB of zeros in gzip became 300 MB before
 * the first read came back. A slice grows by 1032 at most, to 4 MiB.
 */
const sliceBytes = 4096;

/**
 * A body may inflate to so many times its size. JSON of real tensors gains 3 to 10 times, sparse ones 50; what gains more is made
 * to cost more than it took to send.
 */
const mostRatio = 100;
/** Whatever the ratio: small bodies of few distinct values. */
const freeBytes = 1_048_576;

/** Size of one read: without a buffer of its own workerd gives 4 KiB at a time, which makes a bomb of 32 MiB five times slower. */
const readBytes = 65_536;

/**
 * @param contentEncoding the header as it came
 * @returns null for a body that is sent as it is
 * @throws PopserveError UNSUPPORTED_MEDIA for any other encoding, and for several
 */
export function readContentEncoding(contentEncoding: string | null): Compression | null {
  const name = contentEncoding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return null;
  const compression = Object.hasOwn(compressions, name) ? compressions[name] : undefined;
  if (compression !== undefined) return compression;
  const shown = name.slice(0, 64);
  throw new PopserveError('UNSUPPORTED_MEDIA', `content encoding '${shown}' is not supported: send gzip or deflate`);
}

/** A compressed stream and the place where its content goes. */
export interface Inflation {
  /** A whole gzip (RFC 1952) or zlib (RFC 1950, which HTTP calls deflate) stream, as it arrives. */
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly compression: Compression;
  /** The length that was declared, which the ratio is measured against before all has come; 0 without one. */
  readonly declaredBytes: number;
  readonly maxBytes: number;
  /** Given each piece, which is valid until it returns. */
  readonly keep: (piece: Uint8Array) => void;
}

/**
 * Inflates while it reads: the compressed bytes are not held.
 * @throws {PopserveError} TOO_LARGE as soon as more than `maxBytes` come out, or more than a hundred times what went in;
 *   INVALID_ARGUMENT if it is not such a stream; and what `chunks` and `keep` throw
 */
export async function inflate({ chunks, compression, declaredBytes, maxBytes, keep }: Inflation): Promise<void> {
  const stream = new DecompressionStream(compression);
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader({ mode: 'byob' });
  let sent = 0;
  let total = 0;
  let buffer = new ArrayBuffer(readBytes);
  const next = () => reader.read(new Uint8Array(buffer));
  const take = (piece: Uint8Array<ArrayBuffer>) => {
    total += piece.length;
    checkSize(total, Math.max(sent, declaredBytes), maxBytes, compression);
    keep(piece);
    buffer = piece.buffer;
  };
  try {
    let pending = next();
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += sliceBytes) {
        const slice = chunk.subarray(at, at + sliceBytes);
        sent += slice.length;
        await writer.write(slice);
        for (;;) {
          const read = await Promise.race([pending, nothingMore()]);
          if (read === null || read.done) break;
          take(read.value);
          pending = next();
        }
      }
    }
    const closed = writer.close();
    for (let read = await pending; !read.done; read = await next()) take(read.value);
    await closed;
  } catch (error) {
    // Both sides are given up; their errors say nothing new.
    writer.abort(error).catch(() => undefined);
    reader.cancel(error).catch(() => undefined);
    if (error instanceof PopserveError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw invalid(`the body is not ${compression}, as its Content-Encoding says: ${reason}`);
  }
}

function checkSize(total: number, sent: number, maxBytes: number, compression: Compression): void {
  const most = Math.min(maxBytes, Math.max(freeBytes, mostRatio * sent));
  if (total <= most) return;
  const why = most < maxBytes ? `, which is ${mostRatio} times what was sent: send it less compressed` : '';
  throw new PopserveError(
    'TOO_LARGE',
    `the ${compression} body inflates to more than the limit of ${most} bytes${why}`,
  );
}

/** Settles after all that the last slice gave has been read. */
function nothingMore(): Promise<null> {
  return new Promise((resolve) => setTimeout(resolve, 0, null));
}
