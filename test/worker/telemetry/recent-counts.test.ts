// Requests of the last day in slots of ten minutes.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addRecent, mergeRecent, recentCounts, slotMs } from '../../../worker/telemetry/recent-counts.ts';

const day = 144 * slotMs;
const now = 20_000 * day;

describe('what came within the last day', () => {
  test('stands in the slot in which it came, beside slots of nothing', () => {
    const kept = addRecent(addRecent(null, now, { requests: 3, failures: 1 }), now - slotMs, {
      requests: 2,
      failures: 0,
    });
    const counts = recentCounts([kept], now + 1);
    expect(counts).toHaveLength(144);
    expect(counts.slice(-3)).toEqual([
      { fromMs: now - 2 * slotMs, requests: 0, failures: 0 },
      { fromMs: now - slotMs, requests: 2, failures: 0 },
      { fromMs: now, requests: 3, failures: 1 },
    ]);
  });

  test('adds up the same, whatever is merged before', () => {
    const reports = fc.array(fc.tuple(fc.integer({ min: 0, max: day - slotMs }), fc.nat(1000), fc.nat(1000)), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(reports, fc.nat(40), (all, split) => {
        const keep = (some: typeof all) =>
          some.reduce<ArrayBuffer | null>(
            (kept, [ago, requests, failures]) => addRecent(kept, now - ago, { requests, failures }),
            null,
          );
        const [left, right] = [keep(all.slice(0, split)), keep(all.slice(split))];
        expect(recentCounts([mergeRecent([left, right])], now)).toEqual(recentCounts([keep(all)], now));
        const sum = recentCounts([left, right], now).reduce((total, { requests }) => total + requests, 0);
        expect(sum).toBe(all.reduce((total, [, requests]) => total + requests, 0));
      }),
    );
  });

  test('takes no more room than a day', () => {
    let kept: ArrayBuffer | null = null;
    for (let slot = 0; slot < 400; slot++) kept = addRecent(kept, now + slot * slotMs, { requests: 1, failures: 0 });
    expect(kept?.byteLength).toBe(144 * 3 * 4);
    expect(recentCounts([kept], now + 399 * slotMs).every(({ requests }) => requests === 1)).toBe(true);
  });
});
