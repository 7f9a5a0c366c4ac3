// A blob from its stream to its place in the heap, hashed on the way. What is made of the bytes is not its business (model-loader.ts).
import { toHex } from '../../registry/bytes.ts';
import { CorruptBlobError } from './corrupt-blob-error.ts';
import type { Block } from './model-place.ts';
import { readPieces } from './read-pieces.ts';
import type { WasmHeap } from './wasm-heap.ts';

export interface StreamOptions {
  /** Called after each piece. */
  readonly onProgress: () => void;
  /** Lets requests run between the pieces, for a load that none of them waits for. */
  readonly aside: boolean;
  /** The model is little else than its bytes: see {@link WasmHeap.allocateModel}. */
  readonly apart: boolean;
}

/**
 * Streams a blob into the heap. JS never holds a whole copy of it.
 * @param body exactly the blob's bytes
 * @returns where it lies; the caller frees it
 * @throws {CorruptBlobError} when the bytes do not have the digest or the length that they should
 * @throws {HeapFullError} when they do not fit
 * @throws {HeapBrokenError} when the heap is broken
 */
export async function streamBlob(
  heap: WasmHeap,
  body: ReadableStream<Uint8Array>,
  artifact: { readonly digest: string; readonly bytes: number },
  { onProgress, aside, apart }: StreamOptions,
): Promise<Block> {
  const reader = body.getReader({ mode: 'byob' });
  let pointer = 0;
  try {
    pointer = heap.allocateModel(artifact.bytes, apart);
    const hash = new crypto.DigestStream('SHA-256');
    const hasher = hash.getWriter();
    let received = 0;
    for await (const piece of readPieces(reader, artifact.bytes, aside)) {
      if (received + piece.length > artifact.bytes) throw mismatch(artifact, `more than ${artifact.bytes} bytes came`);
      heap.bytes(pointer + received, piece.length).set(piece);
      received += piece.length;
      await hasher.write(piece);
      onProgress();
    }
    await hasher.close();
    const digest = `sha256:${toHex(new Uint8Array(await hash.digest))}`;
    if (received !== artifact.bytes) throw mismatch(artifact, `${received} of ${artifact.bytes} bytes came`);
    if (digest !== artifact.digest) throw mismatch(artifact, `the bytes that came have ${digest}`);
    return { pointer, bytes: artifact.bytes };
  } catch (error) {
    heap.free(pointer);
    // Nobody reads on, so a failure to cancel does not matter.
    reader.cancel(error).catch(() => undefined);
    throw error;
  }
}

function mismatch(artifact: { readonly digest: string }, what: string): CorruptBlobError {
  return new CorruptBlobError(artifact.digest, what);
}
