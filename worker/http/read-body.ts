// How much one request may bring: kept before memory is taken for it.
import { joinBytes } from '../../registry/bytes.ts';
import { PopserveError } from '../../registry/errors.ts';
import { inflate, readContentEncoding } from '../protocol/inflate.ts';
import type { HeldBody } from '../security/body-room.ts';

const readable = new Set([
  'application/json',
  'application/octet-stream',
  'text/plain',
  'application/x-www-form-urlencoded',
]);

export interface BodyLimits {
  /** Most bytes of the body as it came. */
  readonly maxBodyBytes: number;
  /** Most bytes after inflating. */
  readonly maxInflatedBytes: number;
}

/**
 * Reads a request's body whole, inflated if it came compressed.
 * @param held told of every byte before it is kept
 * @throws PopserveError TOO_LARGE, UNSUPPORTED_MEDIA, INVALID_ARGUMENT for a broken compression; they name the limit or what is
 *   supported; UNAVAILABLE where the bodies of other requests leave no room
 */
export async function readBody(
  request: Request,
  { maxBodyBytes, maxInflatedBytes }: BodyLimits,
  held: HeldBody,
): Promise<Uint8Array> {
  const compression = readContentEncoding(request.headers.get('content-encoding'));
  const mediaType = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  // curl's default media type is accepted as JSON as well.
  if (mediaType !== '' && !readable.has(mediaType) && !mediaType.endsWith('+json')) {
    throw new PopserveError(
      'UNSUPPORTED_MEDIA',
      `content type '${mediaType}' is not supported: send application/json or application/octet-stream`,
    );
  }
  const bytes = await readWhole(request, maxBodyBytes, held);
  return compression === null ? bytes : await inflate(bytes, compression, maxInflatedBytes, held);
}

async function readWhole(request: Request, maxBytes: number, held: HeldBody): Promise<Uint8Array> {
  const declared = request.headers.get('content-length');
  // A length that is not a number would pass every limit and spoil the count of all bodies.
  if (declared === null || !/^\d+$/.test(declared))
    return request.body ? await readUnknownLength(request.body, maxBytes, held) : new Uint8Array();
  if (Number(declared) > maxBytes) throw tooLarge(Number(declared), maxBytes);
  held.take(Number(declared));
  return await request.bytes();
}

async function readUnknownLength(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  held: HeldBody,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of body) {
    total += chunk.length;
    // What is too much is read to its end and forgotten: answering in the middle would cut the connection of a client that
    // is still sending, which then never sees the answer. The platform bounds how much that can be.
    if (total <= maxBytes) {
      held.take(chunk.length);
      chunks.push(chunk);
    } else chunks.length = 0;
  }
  if (total > maxBytes) throw tooLarge(total, maxBytes);
  return joinBytes(chunks);
}

function tooLarge(bytes: number, maxBytes: number): PopserveError {
  return new PopserveError('TOO_LARGE', `the body has ${bytes} bytes or more, the limit is ${maxBytes}`);
}
