import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../scripts/random.ts';
import type { CallerCounts } from '../../../../worker/telemetry/drift/caller-counts.ts';
import { mergeCallers } from '../../../../worker/telemetry/drift/caller-counts.ts';
import {
  addCall,
  binOf,
  durationBins,
  durationsIn,
  slots,
  upperEdge,
} from '../../../../worker/telemetry/latency/bins.ts';
import { certainQuantile, leastQuantile, quantile, weighed } from '../../../../worker/telemetry/latency/quantiles.ts';
import '../../../harness/property-seed.ts';

function callerOf(bucket: number, durations: readonly number[]): CallerCounts {
  const counts = new Float64Array(slots);
  for (const ms of durations) addCall(counts, { ms, bytes: null, outcome: 'ok' });
  return { bucket, rows: durations.length, counts };
}

/** Durations as those of calls: the logarithm is normal, and half of them are below the median. */
function drawn(random: Random, count: number, medianMs: number): number[] {
  return Array.from({ length: count }, () => medianMs * Math.exp(0.5 * random.normal(0, 1)));
}

const p95 = (callers: readonly CallerCounts[]) => quantile(durationBins, durationsIn(weighed(callers)), 0.95) ?? 0;

describe('bins', () => {
  it('hold each duration between their edges', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 600_000, noNaN: true }), (ms) => {
        const bin = binOf(durationBins, ms);
        expect(bin).toBeGreaterThanOrEqual(0);
        expect(bin).toBeLessThan(durationBins.bins);
        expect(ms).toBeLessThan(upperEdge(durationBins, bin));
        if (bin > 0) expect(ms).toBeGreaterThanOrEqual(upperEdge(durationBins, bin - 1) * (1 - 1e-12));
      }),
    );
  });

  it('give a quantile within their width, whatever order they are merged in', () => {
    const durations = fc.array(fc.double({ min: 0.3, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(durations, fc.double({ min: 0.01, max: 1, noNaN: true }), (all, share) => {
        const halves = [
          callerOf(
            1,
            all.filter((_, at) => at % 2 === 0),
          ),
          callerOf(
            1,
            all.filter((_, at) => at % 2 === 1),
          ),
        ];
        const [merged] = mergeCallers(halves);
        const found = quantile(durationBins, durationsIn(merged?.counts ?? new Float64Array(slots)), share) ?? 0;
        const sorted = all.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1)] ?? 0;
        expect(Math.abs(Math.log2(found / exact))).toBeLessThanOrEqual(1 / durationBins.perOctave + 1e-9);
      }),
    );
  });

  it('count no duration of a call that was refused or failed', () => {
    const counts = new Float64Array(slots);
    addCall(counts, { ms: 1, bytes: null, outcome: 'failed' });
    addCall(counts, { ms: 1, bytes: null, outcome: 'refused' });
    expect(quantile(durationBins, durationsIn(counts), 0.5)).toBeNull();
    addCall(counts, { ms: 100, bytes: null, outcome: 'timeout' });
    expect(quantile(durationBins, durationsIn(counts), 0.5)).toBeCloseTo(100, -1);
  });
});

describe('a caller that lies', () => {
  const random = new Random(11);
  const honest = Array.from({ length: 10 }, (_, bucket) => callerOf(bucket + 2, drawn(random, 200, 40)));
  const truth = p95(honest);

  it('counts for a quarter of what is shown at most, however much it sends', () => {
    for (const ms of [0.5, 600_000]) {
      const share = p95([...honest, callerOf(12, Array<number>(50_000).fill(ms))]);
      // With a quarter of calls that take no time the 95th percentile is the 93rd of the others.
      if (ms < 1) expect(share).toBeGreaterThan(truth * 0.85);
      else expect(share).toBeGreaterThan(truth);
    }
  });

  it('makes no canary slow: without it nothing is', () => {
    const slow = callerOf(12, Array<number>(50_000).fill(9000));
    expect(certainQuantile([...honest, slow], 0.95)).toBeLessThan(truth * 1.05);
  });

  it('makes no stable slow, which would hide a slow canary', () => {
    const slow = callerOf(12, Array<number>(50_000).fill(9000));
    expect(leastQuantile([...honest, slow], 0.95)).toBeLessThan(truth * 1.05);
  });

  it('is the traffic where there is nobody else', () => {
    expect(certainQuantile([callerOf(12, Array<number>(500).fill(900))], 0.95)).toBeGreaterThan(700);
  });
});

it('a percentile is certain only beyond the noise of so many calls', () => {
  const random = new Random(3);
  let beyond = 0;
  for (let trial = 0; trial < 2000; trial++) {
    // The true 95th percentile of these is 40 exp(0.5 * 1.645) = 91 ms.
    if ((certainQuantile([callerOf(9, drawn(random, 100, 40))], 0.95) ?? 0) > 91.05) beyond++;
  }
  expect(beyond).toBeLessThanOrEqual(10);
  expect(certainQuantile([callerOf(9, drawn(random, 5000, 80))], 0.95)).toBeGreaterThan(150);
});
