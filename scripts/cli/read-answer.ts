// The body of an answer, read as far as one of its kind may go: a server must not fill the memory or the disk of the machine that
// asks it.
import { joinBytes } from '../../registry/bytes.ts';
import { PopserveError } from '../../registry/errors.ts';
import { mebibytes } from '../../registry/mebibytes.ts';

/** @throws {PopserveError} INTERNAL when more bytes come, after inflation, than the answer may have */
export async function readAnswer(response: Response, mostBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  for await (const piece of piecesOf(response, mostBytes)) pieces.push(piece);
  return joinBytes(pieces);
}

/** The same piece by piece. @throws {PopserveError} INTERNAL */
export async function* piecesOf(response: Response, mostBytes: number): AsyncGenerator<Uint8Array, void, void> {
  let total = 0;
  for await (const piece of response.body ?? []) {
    total += piece.length;
    if (total > mostBytes) {
      const { origin } = new URL(response.url);
      throw new PopserveError(
        'INTERNAL',
        `the answer of ${origin} is larger than ${mebibytes(mostBytes, 0)}, the most for this call; is it a PoP?`,
      );
    }
    yield piece;
  }
}
