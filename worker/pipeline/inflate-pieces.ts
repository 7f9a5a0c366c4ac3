// Inflates a zlib stream piece by piece, by the platform's own code, and never holds more than one piece ahead of its reader.

/** A slice of this size inflates to at most 1032 times as much: 4 MiB. Larger slices are little faster, smaller ones much slower. */
const sliceBytes = 4096;

/** @see https://zlib.net/zlib_tech.html "Maximum Compression Factor" */
const mostGain = 1032;

/** Memory that inflating takes at most: the piece that is read, and the one behind it. */
export function inflatingBytes(promisedBytes: number): number {
  return 2 * pieceBytes(promisedBytes);
}

/** A read of this size takes all that one slice gives, so that nothing piles up behind it. */
function pieceBytes(promisedBytes: number): number {
  return Math.min(promisedBytes, sliceBytes * mostGain);
}

/**
 * workerd inflates all that is written at once, whatever its reader has taken. So a slice is written only while a read waits for it.
 *
 * @param promisedBytes that the caller takes at most: pieces are no larger
 * @yields pieces, each valid until the next one is asked for; the caller may stop at any of them
 * @throws {TypeError} for bytes that are no zlib stream (RFC 1950), for a wrong checksum, and for bytes behind its end
 */
export async function* inflatePieces(
  parts: Iterable<Uint8Array>,
  promisedBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = new DecompressionStream('deflate');
  const writer = stream.writable.getWriter();
  const reader = readerOf(stream.readable, pieceBytes(promisedBytes));
  const demand = new Demand();
  const fed = feed(writer, parts, demand);
  // A fault of the stream reaches the reader as well.
  fed.catch(() => undefined);
  try {
    for (;;) {
      demand.open();
      const piece = await reader.read();
      demand.close();
      if (piece === null) break;
      yield piece;
    }
    await fed;
  } finally {
    demand.end();
    writer.abort().catch(() => undefined);
    reader.end();
    // A stream that failed is never collected while it is locked: workerd kept 1.3 KB of each damaged picture.
    writer.releaseLock();
  }
}

async function feed(
  writer: ReturnType<DecompressionStream['writable']['getWriter']>,
  parts: Iterable<Uint8Array>,
  demand: Demand,
): Promise<void> {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += sliceBytes) {
      if (!(await demand.wait())) return;
      await writer.write(part.subarray(at, at + sliceBytes) as Uint8Array<ArrayBuffer>);
    }
  }
  await writer.close();
}

/** Whether the reader waits for more. */
class Demand {
  #isOpen = false;
  #hasEnded = false;
  #wake: (() => void) | undefined;

  open(): void {
    this.#isOpen = true;
    this.#wake?.();
  }

  close(): void {
    this.#isOpen = false;
  }

  end(): void {
    this.#hasEnded = true;
    this.#wake?.();
  }

  /** @returns false once nobody reads any more */
  async wait(): Promise<boolean> {
    while (!this.#isOpen && !this.#hasEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return !this.#hasEnded;
  }
}

interface PieceReader {
  /** @returns null at the end */
  read(): Promise<Uint8Array | null>;
  end(): void;
}

/** workerd gives 4 KiB at a time to a reader without a buffer of its own; Node and browsers have no reader with one here. */
function readerOf(readable: ReadableStream<Uint8Array>, bytes: number): PieceReader {
  const own = ownBufferReader(readable);
  if (own === null) {
    const reader = readable.getReader();
    return { read: async () => (await reader.read()).value ?? null, end: () => endReading(reader) };
  }
  let buffer = new ArrayBuffer(bytes);
  const read = async () => {
    const { value, done } = await own.read(new Uint8Array(buffer));
    if (value !== undefined) buffer = value.buffer as ArrayBuffer;
    return done || value === undefined ? null : value;
  };
  return { read, end: () => endReading(own) };
}

function endReading(reader: ReadableStreamDefaultReader | ReadableStreamBYOBReader): void {
  reader.cancel().catch(() => undefined);
  reader.releaseLock();
}

function ownBufferReader(readable: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | null {
  try {
    return readable.getReader({ mode: 'byob' });
  } catch {
    return null;
  }
}
