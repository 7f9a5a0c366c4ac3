// Requests and failures of the last day in slots of ten minutes, as one value beside the counts that are written anyway: a row of its
// own would cost as much as the counts.

/** How requests went over time, for people. */
export interface RecentCount {
  readonly fromMs: number;
  readonly requests: number;
  readonly failures: number;
}

export const slotMs = 600_000;
const slotsKept = 144;
/** A slot, requests, failures: unsigned, 32 bits each. The slot counts from 1970. */
const numbers = 3;

/** @param kept null where nothing was kept yet */
export function addRecent(
  kept: ArrayBuffer | null,
  atMs: number,
  { requests, failures }: { readonly requests: number; readonly failures: number },
): ArrayBuffer {
  return write([...read(kept), { fromMs: Math.floor(atMs / slotMs) * slotMs, requests, failures }]);
}

export function mergeRecent(kept: readonly (ArrayBuffer | null)[]): ArrayBuffer {
  return write(kept.flatMap(read));
}

/** The slots of the last day in order, also those in which nothing came. */
export function recentCounts(kept: readonly (ArrayBuffer | null)[], nowMs: number): RecentCount[] {
  const bySlot = new Map(read(mergeRecent(kept)).map((count) => [count.fromMs, count]));
  const lastMs = Math.floor(nowMs / slotMs) * slotMs;
  return Array.from({ length: slotsKept }, (_, index) => {
    const fromMs = lastMs - (slotsKept - 1 - index) * slotMs;
    return bySlot.get(fromMs) ?? { fromMs, requests: 0, failures: 0 };
  });
}

function read(kept: ArrayBuffer | null): RecentCount[] {
  if (kept === null) return [];
  const values = new Uint32Array(kept);
  return Array.from({ length: Math.floor(values.length / numbers) }, (_, index) => {
    const [slot = 0, requests = 0, failures = 0] = values.subarray(index * numbers);
    return { fromMs: slot * slotMs, requests, failures };
  });
}

function write(counts: readonly RecentCount[]): ArrayBuffer {
  const bySlot = Map.groupBy(counts, ({ fromMs }) => fromMs / slotMs);
  const newest = [...bySlot.keys()].sort((a, b) => a - b).slice(-slotsKept);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const rows = newest.map((slot) => {
    const own = bySlot.get(slot) ?? [];
    return [slot, sum(own.map(({ requests }) => requests)), sum(own.map(({ failures }) => failures))];
  });
  return Uint32Array.from(rows.flat()).buffer;
}
