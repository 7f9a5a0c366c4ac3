// What is told of the counts of calls: quantiles of the last hour for people, histograms of all time for Prometheus.
import type { SqlStorage } from '@cloudflare/workers-types';
import type { LatencyStatus, RecentLatency, TotalLatency } from '../../../registry/api/latency.ts';
import { type CallerCounts, totalCounts } from '../drift/caller-counts.ts';
import { type Counted, overPops } from '../side-counts.ts';
import { durationBins, durationsIn, outcomesIn, sizeBins, sizesIn, slots, upperEdge } from './bins.ts';
import { latencyCounts } from './latency-part.ts';
import { callsIn, quantile, weighed } from './quantiles.ts';

export function readLatency(sql: SqlStorage, nowMs: number): LatencyStatus {
  const { fromMs, counted } = latencyCounts.recent(sql, nowMs);
  return {
    ...{ source: 'callers', recentFromMs: fromMs },
    recent: [
      ...overPops(counted).map((own) => recentOf(own, 'global')),
      ...counted.map((own) => recentOf(own, `pop:${own.pop}`)),
    ],
    totals: latencyCounts.totals(sql).map(({ version, side, callers }) => ({ version, side, ...histogramOf(callers) })),
  };
}

function recentOf({ version, side, callers }: Counted, place: string): RecentLatency {
  const outcomes = outcomesIn(totalCounts(callers, slots));
  const counts = weighed(callers);
  const durations = durationsIn(counts);
  const ms = (share: number) => rounded(quantile(durationBins, durations, share));
  return {
    ...{ version, side, place, outcomes },
    calls: outcomes.ok + outcomes.refused + outcomes.failed + outcomes.timeout,
    ...{ p50Ms: ms(0.5), p95Ms: ms(0.95), p99Ms: ms(0.99) },
    bytesP50: rounded(quantile(sizeBins, sizesIn(counts), 0.5)),
  };
}

/** Every fourth edge: whole octaves. Counts are as they came, unweighed, because Prometheus wants them never to fall. */
function histogramOf(callers: readonly CallerCounts[]): Omit<TotalLatency, 'version' | 'side'> {
  const counts = totalCounts(callers, slots);
  const durations = durationsIn(counts);
  const buckets: { leMs: number; count: number }[] = [];
  let below = 0;
  let sumMs = 0;
  for (const [bin, count] of durations.entries()) {
    below += count;
    sumMs += count * middleOf(bin);
    if (bin % durationBins.perOctave === 0) buckets.push({ leMs: upperEdge(durationBins, bin), count: below });
  }
  return { outcomes: outcomesIn(counts), buckets, count: callsIn(durations), sumMs };
}

/** The geometric middle of a bin; half the first edge below it, the last edge above it. */
function middleOf(bin: number): number {
  const upper = upperEdge(durationBins, bin);
  if (bin === 0) return upper / 2;
  const lower = upperEdge(durationBins, bin - 1);
  return Number.isFinite(upper) ? Math.sqrt(lower * upper) : lower;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(4));
}
