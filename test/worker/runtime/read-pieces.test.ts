// A stream whose bytes have all come: what else gets a turn while it is read.
import { expect, test } from 'vitest';
import { mebibyte } from '../../../registry/mebibytes.ts';
import { type PieceReader, readPieces } from '../../../worker/runtime/read-pieces.ts';

const bytes = new Uint8Array(2 * mebibyte + 1).map((_, index) => index % 251);

/** Answers each read at once. */
function arrived(): PieceReader {
  let sent = 0;
  return {
    async readAtLeast(count, view) {
      const piece = bytes.subarray(sent, sent + count);
      sent += piece.length;
      view.set(piece);
      return { done: piece.length === 0, value: view.subarray(0, piece.length) };
    },
  };
}

/** @returns what came, and how often something else had its turn before the end */
async function read(aside: boolean) {
  let turns = 0;
  let reading = true;
  const others = (async () => {
    while (reading) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (reading) turns++;
    }
  })();
  const pieces: Uint8Array[] = [];
  for await (const piece of readPieces(arrived(), bytes.length, aside)) pieces.push(piece.slice());
  reading = false;
  await others;
  return { whole: Buffer.concat(pieces), turns };
}

test('where no request waits for it, others have a turn between its pieces', async () => {
  const { whole, turns } = await read(true);
  expect(whole.equals(bytes)).toBe(true);
  expect(turns).toBeGreaterThan(5);
});

test('where a request waits it comes without a pause', async () => {
  const { whole, turns } = await read(false);
  expect(whole.equals(bytes)).toBe(true);
  expect(turns).toBe(0);
});
