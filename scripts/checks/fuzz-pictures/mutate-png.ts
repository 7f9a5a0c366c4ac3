// Changes to the chunks, the header and the inflated data of a PNG, with lengths and checks that hold again.
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import type { Dice } from '../fuzz/dice.ts';
import {
  type Bytes,
  bigEndian,
  joined,
  mutateBytes,
  mutateList,
  type Part,
  sizes,
  viewOf,
  withBytes,
} from './file-parts.ts';

const pngStart = 8;
const pngNames = ['IHDR', 'PLTE', 'IDAT', 'IEND', 'tRNS', 'eXIf', 'iCCP', 'acTL', 'fdAT', 'fcTL', 'sBIT', 'zzzz'];

export function mutatePng(file: Bytes, others: readonly Bytes[], dice: Dice): Bytes {
  const parts = pngParts(file);
  const kind = dice.below(4);
  const header = parts.findIndex(({ name }) => name === 'IHDR');
  const first = parts[header];
  if (kind === 0 && first !== undefined)
    return writePng(parts.with(header, { ...first, body: mutateHeader(first.body, dice) }));
  if (kind === 1) {
    const data = mutatePngData(parts, dice);
    if (data !== null) return writePng(data);
  }
  const borrowed = others.filter(([start]) => start === 0x89).flatMap(pngParts);
  return writePng(mutateList(parts, borrowed, pngNames, dice));
}

/** Size, depth, kind of colours, interlacing. */
function mutateHeader(body: Bytes, dice: Dice): Bytes {
  const change = dice.below(6);
  if (change < 2) return withBytes(body, 4 * change, bigEndian(dice.from(sizes)));
  return withBytes(body, 6 + change, [dice.from([0, 1, 2, 3, 4, 5, 6, 8, 16, 255])]);
}

/** Filters and samples, packed again; or a stream that says less or more than the size does. */
function mutatePngData(parts: readonly Part[], dice: Dice): Part[] | null {
  const packed = joined(parts.filter(({ name }) => name === 'IDAT').map(({ body }) => body));
  const raw = inflated(packed);
  if (raw === null) return null;
  const changed = dice.from([
    () => mutateBytes(raw, [raw], dice),
    () => joined([raw, new Uint8Array(dice.from([1, 1000, 1_000_000, 20_000_000]))]),
    () => raw.subarray(0, dice.below(raw.length + 1)),
  ])();
  const data = { name: 'IDAT', body: new Uint8Array(deflateSync(changed, { level: 1 })) };
  const at = parts.findIndex(({ name }) => name === 'IDAT');
  const rest = parts.filter(({ name }) => name !== 'IDAT');
  return rest.toSpliced(at, 0, data);
}

function inflated(packed: Bytes): Bytes | null {
  try {
    return inflateSync(packed, { maxOutputLength: 1_000_000 });
  } catch {
    return null;
  }
}

function pngParts(file: Bytes): Part[] {
  const parts: Part[] = [];
  const view = viewOf(file);
  for (let at = pngStart; at + 12 <= file.length; ) {
    const length = view.getUint32(at);
    const name = Buffer.from(file.subarray(at + 4, at + 8)).toString('latin1');
    parts.push({ name, body: file.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return parts;
}

function writePng(parts: readonly Part[]): Bytes {
  const start = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks = parts.map(({ name, body }) => {
    const checked = joined([Buffer.from(name, 'latin1'), body]);
    return joined([bigEndian(body.length), checked, bigEndian(crc32(checked))]);
  });
  return joined([start, ...chunks]);
}
