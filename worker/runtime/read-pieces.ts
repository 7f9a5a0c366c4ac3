// Reads a stream in pieces of the size that suits who waits for it.
import { nextTurn } from './next-turn.ts';

/** Fewer turns than with the stream's own small chunks. */
const pieceBytes = 1_048_576;
/** Placed and hashed in less than a millisecond. */
const pieceBytesAside = 262_144;

/** What is used of workerd's `ReadableStreamBYOBReader`. */
export interface PieceReader {
  readAtLeast(
    minBytes: number,
    view: Uint8Array<ArrayBuffer>,
  ): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
}

/**
 * @param totalBytes that are expected; what comes beyond them is handed out as well
 * @param aside no request waits for it: those that come run between the pieces
 * @returns pieces, each valid until the next is asked for
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
