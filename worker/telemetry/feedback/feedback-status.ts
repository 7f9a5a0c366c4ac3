// What is told of answers whose truth is known: accuracy of labels, errors of numbers.
import type { SqlStorage } from '@cloudflare/workers-types';
import type { FeedbackStatus } from '../../../registry/api/feedback.ts';
import { totalCounts } from '../drift/caller-counts.ts';
import { callersBySize, comparisons } from '../drift/without-one.ts';
import { quantile } from '../latency/quantiles.ts';
import { type Counted, overPops } from '../side-counts.ts';
import { feedbackCounts } from './feedback-part.ts';
import { errorBins, errorsIn, labelSlots, rightIn } from './judgement.ts';

/** From so many records on the largest caller is held back to a quarter. */
const enoughRecords = 30;

export function readFeedback(sql: SqlStorage, nowMs: number): FeedbackStatus {
  const { fromMs, counted } = feedbackCounts.recent(sql, nowMs);
  return {
    ...{ source: 'callers', recentFromMs: fromMs },
    recent: [
      ...overPops(counted).map((own) => ({ ...judgedOf(own), place: 'global' })),
      ...counted.map((own) => ({ ...judgedOf(own), place: `pop:${own.pop}` })),
    ],
    totals: feedbackCounts.totals(sql).map((own) => {
      const slots = slotsOf(own);
      return { ...judgedOf(own), right: slots === labelSlots ? rightIn(totalCounts(own.callers, slots)) : null };
    }),
  };
}

function judgedOf(own: Counted) {
  const { version, side, callers } = own;
  const slots = slotsOf(own);
  const [records = 0] = totalCounts(callers, slots);
  const [weighed = new Float64Array(slots)] = comparisons(callersBySize(callers, enoughRecords), slots, enoughRecords);
  const ofLabels = slots === labelSlots;
  const error = (share: number) => (ofLabels ? null : rounded(quantile(errorBins, errorsIn(weighed), share)));
  return {
    ...{ version, side, records },
    accuracy: ofLabels ? rounded(rightIn(weighed) / (weighed[0] ?? 0)) : null,
    ...{ errorP50: error(0.5), errorP90: error(0.9) },
  };
}

function slotsOf({ callers }: Counted): number {
  return callers[0]?.counts.length ?? labelSlots;
}

function rounded(value: number | null): number | null {
  return value === null || Number.isNaN(value) ? null : Number(value.toPrecision(4));
}
