// The rest of a body that nobody wants: read to its end where that is near, so that the connection serves the next request too.
import { mebibyte } from '../../registry/mebibytes.ts';

/**
 * As much as the largest body that a Worker takes by default. A client that sends no more gets its answer, where a connection that
 * closes before would hide it behind a reset; one that sends for minutes is cut off.
 */
const mostBytes = 16 * mebibyte;
const mostMs = 5000;
const readBytes = 65_536;

/**
 * Takes and throws away a request's body. A body that is left unread makes the runtime close the connection behind
 * the answer, and a Worker cannot announce that: the platform drops a `Connection` header. So keep-alive clients would lose their
 * next request.
 */
export async function drain(body: ReadableStream<Uint8Array>): Promise<void> {
  await drainReader(body.getReader({ mode: 'byob' }));
}

/** The same of a body that was begun. */
export async function drainReader(reader: ReadableStreamBYOBReader): Promise<void> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(late.resolve, mostMs, null);
  let buffer = new ArrayBuffer(readBytes);
  try {
    for (let bytes = 0; bytes <= mostBytes; ) {
      const read = await Promise.race([reader.read(new Uint8Array(buffer)), late.promise]);
      if (read === null) break;
      if (read.done) return;
      bytes += read.value.length;
      buffer = read.value.buffer;
    }
    reader.cancel().catch(() => undefined);
  } catch {
    // The client has gone, or the body was cancelled before.
  } finally {
    clearTimeout(timer);
  }
}
