// What is told of the counts of calls: quantiles of the last hour for people, histograms of all time for Prometheus.
import type { SqlStorage } from '@cloudflare/workers-types';
import type { LatencyStatus, RecentLatency, TotalLatency } from '../../../registry/api/latency.ts';
import { type CallerCounts, mergeCallers, totalCounts } from '../drift/caller-counts.ts';
import { durationBins, durationsIn, outcomesIn, sizeBins, sizesIn, slots, upperEdge } from './bins.ts';
import { type CountedAt, readRecent, readTotals } from './latency-tables.ts';
import { callsIn, quantile, weighed } from './quantiles.ts';

export function readLatency(sql: SqlStorage, nowMs: number): LatencyStatus {
  const { fromMs, counted } = readRecent(sql, nowMs);
  const everywhere = Map.groupBy(counted, ({ version, side }) => `${version} ${side}`).values();
  return {
    ...{ source: 'callers', recentFromMs: fromMs },
    recent: [
      ...[...everywhere].flatMap(overPops),
      ...counted.map((own) => recentOf(own, `pop:${own.pop}`, own.callers)),
    ],
    totals: readTotals(sql).map(({ version, side, callers }) => ({ version, side, ...histogramOf(callers) })),
  };
}

function overPops(counted: readonly CountedAt[]): RecentLatency[] {
  const [first] = counted;
  if (first === undefined) return [];
  return [recentOf(first, 'global', mergeCallers(counted.flatMap(({ callers }) => callers)))];
}

function recentOf(
  { version, side }: Pick<CountedAt, 'version' | 'side'>,
  place: string,
  callers: readonly CallerCounts[],
): RecentLatency {
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
