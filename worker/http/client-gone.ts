// A client that goes away while its body is still coming. Nobody reads the answer, and nothing here has failed.
import { PopserveError } from '../../registry/errors.ts';

/** @param cause what reading the body threw: the platform gives no kind of error for it */
export function clientGone(cause: unknown): PopserveError {
  return new PopserveError('CLIENT_GONE', 'the client went away before its body had come', { cause });
}

/**
 * Hands a body on to a consumer whose own errors are told apart from the client's going.
 * @param consume reads the stream, or leaves it alone; what it leaves is read to its end
 * @throws {PopserveError} CLIENT_GONE; and what `consume` throws
 */
export async function relayBody<T>(
  body: ReadableStream<Uint8Array>,
  bytes: number,
  consume: (relayed: ReadableStream<Uint8Array>) => Promise<T>,
): Promise<T> {
  // Storage wants to know the length.
  const { readable, writable } = new FixedLengthStream(bytes);
  // A consumer that fails leaves the body to be read, which tells whether the client is there.
  const sent = body.pipeTo(writable, { preventCancel: true }).catch(() => undefined);
  try {
    const result = await consume(readable);
    await readToEnd(readable);
    return result;
  } catch (error) {
    // A consumer that failed before it read anything reads nothing any more: without this the body would wait for it for good.
    await readToEnd(readable);
    if (error instanceof PopserveError) throw error;
    await sent;
    throw (await hasFailed(body)) ? clientGone(error) : error;
  }
}

/** Unless the consumer reads it. */
async function readToEnd(readable: ReadableStream<Uint8Array>): Promise<void> {
  if (!readable.locked) await readable.pipeTo(new WritableStream()).catch(() => undefined);
}

async function hasFailed(body: ReadableStream<Uint8Array>): Promise<boolean> {
  const reader = body.getReader();
  try {
    await reader.read();
    return false;
  } catch {
    return true;
  } finally {
    reader.releaseLock();
  }
}
