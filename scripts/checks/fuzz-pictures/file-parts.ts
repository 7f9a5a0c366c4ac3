// The parts that a picture's file is made of, and the changes that every format and every list of parts can take.
import type { Dice } from '../fuzz/dice.ts';

export type Bytes = Uint8Array;

/** Numbers that readers get wrong, as bytes. */
export const values = [0x00, 0x01, 0x02, 0x3f, 0x40, 0x7f, 0x80, 0xd8, 0xd9, 0xda, 0xfe, 0xff];
export const sizes = [
  0,
  1,
  2,
  7,
  8,
  255,
  256,
  600,
  2000,
  4000,
  16_383,
  16_384,
  65_535,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

export function mutateBytes(file: Bytes, others: readonly Bytes[], dice: Dice): Bytes {
  const at = dice.below(file.length + 1);
  const length = 1 + dice.below(dice.chance(0.5) ? 4 : 64);
  const other = dice.from(others);
  const from = dice.below(other.length + 1);
  return dice.from([
    () => withBytes(file, at, [(file[at] ?? 0) ^ (1 << dice.below(8))]),
    () => withBytes(file, at, [(file[at] ?? 0) ^ (1 << dice.below(8))]),
    () => withBytes(file, at, [dice.from(values)]),
    () => withBytes(file, at, [...dice.bytes(length)]),
    () => withBytes(file, at, bigEndian(dice.from(sizes))),
    () => file.subarray(0, at),
    () => joined([file.subarray(0, at), file.subarray(at + length)]),
    () => joined([file.subarray(0, at), dice.bytes(length), file.subarray(at)]),
    () => joined([file.subarray(0, at), file.subarray(Math.max(0, at - length))]),
    () => joined([file.subarray(0, at), other.subarray(from)]),
    () => joined([file, other]),
  ])();
}

/** What a format's file is made of, each with its name or marker and what it holds. */
export interface Part {
  readonly name: string;
  readonly body: Bytes;
}

/** Leaves out, repeats, moves, borrows, empties or changes one part. */
export function mutateList(
  parts: readonly Part[],
  borrowed: readonly Part[],
  names: readonly string[],
  dice: Dice,
): Part[] {
  if (parts.length === 0) return [];
  const at = dice.below(parts.length);
  const to = dice.below(parts.length + 1);
  const part = parts[at] as Part;
  const without = parts.toSpliced(at, 1);
  const change = (body: Bytes) => parts.with(at, { ...part, body });
  const place = dice.below(part.body.length + 1);
  return dice.from([
    () => without,
    () => parts.toSpliced(to, 0, part),
    () => without.toSpliced(Math.min(to, without.length), 0, part),
    () => (borrowed.length === 0 ? without : parts.toSpliced(to, 0, dice.from(borrowed))),
    () => parts.with(at, { ...part, name: dice.from(names) }),
    () => change(new Uint8Array()),
    () => change(part.body.subarray(0, place)),
    () => change(withBytes(part.body, place, [dice.from(values)])),
    () => change(withBytes(part.body, place, [(part.body[place] ?? 0) ^ (1 << dice.below(8))])),
    () => change(joined([part.body, dice.bytes(1 + dice.below(300))])),
  ])();
}

export function withBytes(file: Bytes, at: number, bytes: readonly number[]): Bytes {
  const copy = Uint8Array.from(file);
  copy.set(bytes.slice(0, Math.max(0, copy.length - at)), Math.min(at, copy.length));
  return copy;
}

export function bigEndian(value: number): number[] {
  return [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256);
}

export function joined(parts: readonly (Bytes | readonly number[])[]): Bytes {
  return Buffer.concat(parts.map((part) => Uint8Array.from(part)));
}

export function viewOf(file: Bytes): DataView {
  return new DataView(file.buffer, file.byteOffset, file.byteLength);
}
