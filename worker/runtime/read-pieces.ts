// Reads a stream in pieces: large ones where a request waits for the whole, small ones where requests are to run in between.
import { mebibyte } from '../../registry/mebibytes.ts';
import { nextTurn } from './next-turn.ts';

/** Takes fewer turns than the stream's own small chunks. */
const pieceBytes = mebibyte;
/** Such a piece is placed and hashed in less than a millisecond. */
const pieceBytesAside = 262_144;

/** The part of workerd's `ReadableStreamBYOBReader` that is used. */
export interface PieceReader {
  readAtLeast(
    minBytes: number,
    view: Uint8Array<ArrayBuffer>,
  ): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
}

/**
 * @param totalBytes how many are expected; bytes beyond them are handed out as well
 * @param aside no request waits for these bytes, so other requests run between the pieces
 * @returns pieces, each valid until the next one is asked for
 */
export async function* readPieces(
  reader: PieceReader,
  totalBytes: number,
  aside: boolean,
): AsyncGenerator<Uint8Array, void> {
  let buffer = new ArrayBuffer(Math.min(aside ? pieceBytesAside : pieceBytes, totalBytes));
  for (;;) {
    const { done, value } = await reader.readAtLeast(buffer.byteLength, new Uint8Array(buffer));
    if (value && value.length > 0) yield value;
    if (done || !value) return;
    if (aside) await nextTurn();
    buffer = value.buffer as ArrayBuffer;
  }
}
