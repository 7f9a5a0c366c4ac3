// Changes to the segments, the frame and the scans of a JPEG, with lengths that hold again.
import type { Dice } from '../fuzz/dice.ts';
import {
  type Bytes,
  bigEndian,
  joined,
  mutateList,
  type Part,
  sizes,
  values,
  viewOf,
  withBytes,
} from './file-parts.ts';

/** Tables, frames, scans, EXIF data, colour profiles, comments, restarts. */
const jpegMarkers = [
  'c0',
  'c1',
  'c2',
  'c3',
  'c4',
  'c9',
  'cc',
  'd0',
  'd9',
  'da',
  'db',
  'dc',
  'dd',
  'e0',
  'e1',
  'e2',
  'ee',
  'fe',
  '01',
  '00',
];

export function mutateJpeg(file: Bytes, others: readonly Bytes[], dice: Dice): Bytes {
  const { parts, rest } = jpegParts(file);
  const frame = parts.findIndex(({ name }) => /^c[0-2]$/.test(name));
  const part = parts[frame];
  if (part !== undefined && dice.chance(0.3)) {
    const at = dice.below(part.body.length + 1);
    const value = dice.chance(0.5) ? [dice.from(values)] : bigEndian(dice.from(sizes)).slice(2);
    return writeJpeg(parts.with(frame, { ...part, body: withBytes(part.body, at, value) }), rest);
  }
  if (dice.chance(0.3)) return writeJpeg(parts, mutateScan(rest, dice));
  const borrowed = others.filter(([start]) => start === 0xff).flatMap((other) => jpegParts(other).parts);
  return writeJpeg(mutateList(parts, borrowed, jpegMarkers, dice), rest);
}

/** Entropy-coded data: a marker, a byte, or the whole again behind it. */
function mutateScan(rest: Bytes, dice: Dice): Bytes {
  const at = dice.below(rest.length + 1);
  return dice.from([
    () => joined([rest.subarray(0, at), [0xff, Number.parseInt(dice.from(jpegMarkers), 16)], rest.subarray(at)]),
    () => withBytes(rest, at, [dice.from(values)]),
    () => joined([rest.subarray(0, at), rest.subarray(Math.max(0, rest.length - 2))]),
    () => joined([rest.subarray(0, -2), rest]),
  ])();
}

/** The segments up to the first scan, and what follows. */
function jpegParts(file: Bytes): { parts: Part[]; rest: Bytes } {
  const parts: Part[] = [];
  const view = viewOf(file);
  let at = 2;
  while (at + 4 <= file.length && file[at] === 0xff && file[at + 1] !== 0xda) {
    const length = view.getUint16(at + 2);
    parts.push({
      name: (file[at + 1] ?? 0).toString(16).padStart(2, '0'),
      body: file.subarray(at + 4, at + 2 + length),
    });
    at += 2 + Math.max(2, length);
  }
  return { parts, rest: file.subarray(at) };
}

function writeJpeg(parts: readonly Part[], rest: Bytes): Bytes {
  const segments = parts.map(({ name, body }) =>
    joined([[0xff, Number.parseInt(name, 16)], bigEndian(body.length + 2).slice(2), body]),
  );
  return joined([[0xff, 0xd8], ...segments, rest]);
}
