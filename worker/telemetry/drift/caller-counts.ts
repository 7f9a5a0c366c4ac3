// The counts of a window by caller, and their form in one BLOB. It begins with the counts of all callers together, which is all that
// earlier code wrote and reads. The number, the rows and the counts of each bucket follow. The last element is the size of the
// layout as a negative number, which no count is.
import { unnamedBucket } from './caller-bucket.ts';
import { addCounts } from './layout.ts';

export interface CallerCounts {
  readonly bucket: number;
  readonly rows: number;
  readonly counts: Float64Array;
}

/** Adds up the counts of each bucket. */
export function mergeCallers(...parts: readonly (readonly CallerCounts[])[]): CallerCounts[] {
  const merged = new Map<number, { bucket: number; rows: number; counts: Float64Array }>();
  for (const { bucket, rows, counts } of parts.flat()) {
    const sum = merged.get(bucket);
    if (sum === undefined) merged.set(bucket, { bucket, rows, counts: counts.slice() });
    else {
      sum.rows += rows;
      addCounts(sum.counts, counts);
    }
  }
  return [...merged.values()];
}

export function totalCounts(callers: readonly CallerCounts[], slots: number): Float64Array {
  const sum = new Float64Array(slots);
  for (const { counts } of callers) addCounts(sum, counts);
  return sum;
}

export function packCallers(callers: readonly CallerCounts[]): Float64Array {
  const slots = callers[0]?.counts.length ?? 0;
  const named = callers.filter(({ bucket }) => bucket !== unnamedBucket);
  const packed = new Float64Array(slots + named.length * (slots + 2) + 1);
  packed.set(totalCounts(callers, slots));
  for (const [index, { bucket, rows, counts }] of named.entries()) {
    const at = slots + index * (slots + 2);
    packed.set([bucket, rows], at);
    packed.set(counts.subarray(0, slots), at + 2);
  }
  packed[packed.length - 1] = -slots;
  return packed;
}

/** @param rows those of the window: what no bucket accounts for was counted by code that had none */
export function unpackCallers(packed: Float64Array, rows: number): CallerCounts[] {
  const end = packed.at(-1) ?? 0;
  if (end >= 0) return [{ bucket: unnamedBucket, rows, counts: packed }];
  const slots = -end;
  const rest = { bucket: unnamedBucket, rows, counts: packed.slice(0, slots) };
  const callers: CallerCounts[] = [];
  for (let at = slots; at + slots + 2 < packed.length; at += slots + 2) {
    const [bucket = unnamedBucket, own = 0] = packed.subarray(at, at + 2);
    const counts = packed.slice(at + 2, at + 2 + slots);
    callers.push({ bucket, rows: own, counts });
    rest.rows -= own;
    for (let slot = 0; slot < slots; slot++) rest.counts[slot] = (rest.counts[slot] ?? 0) - (counts[slot] ?? 0);
  }
  return rest.rows > 0 ? [...callers, rest] : callers;
}
