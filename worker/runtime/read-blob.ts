// A blob from its stream into memory of its own, hashed before anybody gets it. For small artifacts: a model goes into the heap
// (stream-blob.ts).
import { toHex } from '../../registry/bytes.ts';
import { CorruptBlobError } from './corrupt-blob-error.ts';
import { type PieceReader, readPieces } from './read-pieces.ts';

/**
 * @param onProgress called after each piece
 * @throws {CorruptBlobError} when the bytes do not have the digest or the length that they should
 */
export async function readBlob(
  body: ReadableStream<Uint8Array>,
  artifact: { readonly digest: string; readonly bytes: number },
  onProgress: () => void,
): Promise<Uint8Array<ArrayBuffer>> {
  // Where the types are Node's, they lack what workerd's reader has.
  const reader = body.getReader({ mode: 'byob' }) as unknown as PieceReader & Pick<ReadableStreamBYOBReader, 'cancel'>;
  try {
    const bytes = new Uint8Array(artifact.bytes);
    let received = 0;
    for await (const piece of readPieces(reader, artifact.bytes, false)) {
      if (received + piece.length > bytes.length) {
        throw new CorruptBlobError(artifact.digest, `more than ${artifact.bytes} bytes came`);
      }
      bytes.set(piece, received);
      received += piece.length;
      onProgress();
    }
    if (received !== artifact.bytes) {
      throw new CorruptBlobError(artifact.digest, `${received} of ${artifact.bytes} bytes came`);
    }
    const digest = `sha256:${toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))}`;
    if (digest !== artifact.digest) throw new CorruptBlobError(artifact.digest, `the bytes that came have ${digest}`);
    return bytes;
  } catch (error) {
    // Nobody reads on, so a failure to cancel does not matter.
    reader.cancel(error).catch(() => undefined);
    throw error;
  }
}
