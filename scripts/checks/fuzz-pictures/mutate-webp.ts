// Changes to the chunks of a WebP, with lengths that hold again.
import type { Dice } from '../fuzz/dice.ts';
import { type Bytes, bigEndian, joined, mutateList, type Part, viewOf } from './file-parts.ts';

const webpNames = ['VP8 ', 'VP8L', 'VP8X', 'ALPH', 'EXIF', 'ICCP', 'ANIM', 'ANMF', 'XMP ', 'zzzz'];

export function mutateWebp(file: Bytes, others: readonly Bytes[], dice: Dice): Bytes {
  const borrowed = others.filter((other) => other[8] === 0x57).flatMap(webpParts);
  return writeWebp(mutateList(webpParts(file), borrowed, webpNames, dice));
}

function webpParts(file: Bytes): Part[] {
  const parts: Part[] = [];
  const view = viewOf(file);
  for (let at = 12; at + 8 <= file.length; ) {
    const length = view.getUint32(at + 4, true);
    parts.push({
      name: Buffer.from(file.subarray(at, at + 4)).toString('latin1'),
      body: file.subarray(at + 8, at + 8 + length),
    });
    at += 8 + length + (length % 2);
  }
  return parts;
}

function writeWebp(parts: readonly Part[]): Bytes {
  const chunks = parts.map(({ name, body }) =>
    joined([Buffer.from(name, 'latin1'), bigEndian(body.length).reverse(), body, new Uint8Array(body.length % 2)]),
  );
  const all = joined([Buffer.from('WEBP'), ...chunks]);
  return joined([Buffer.from('RIFF'), bigEndian(all.length).reverse(), all]);
}
