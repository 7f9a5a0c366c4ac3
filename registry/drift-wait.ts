// Says in words how many rows or how much time the open window of a place still waits for: for the command and the console.
import type { PlaceDrift } from './api/drift.ts';

/**
 * @returns `160 of 350 rows, looked at in 140 s`, `400 of 350 rows, judged in 40 s`, or
 * `30 of 350 rows of callers but the largest, judged without more in 55 min`
 */
export function describeWait({ rows, waits }: NonNullable<PlaceDrift['open']>, nowMs: number): string {
  if (waits === null) return `${rows} rows`;
  const { have, need, lookMs, untilMs, judgedThen } = waits;
  switch (waits.for) {
    case 'rows':
      return `${have} of ${need} rows${lookMs === null ? '' : `, looked at ${soon(lookMs - nowMs)}`}`;
    case 'time':
      return `${have} of ${need} rows${lookMs === null ? '' : `, judged ${soon(lookMs - nowMs)}`}`;
    case 'callers': {
      const then = judgedThen ? 'judged without more' : 'given up';
      return `${have} of ${need} rows of callers but the largest, ${then} ${soon((untilMs ?? nowMs) - nowMs)}`;
    }
  }
}

function soon(ms: number): string {
  if (ms <= 0) return 'now';
  const seconds = Math.ceil(ms / 1000);
  if (seconds <= 180) return `in ${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes <= 180 ? `in ${minutes} min` : `in ${Math.ceil(minutes / 60)} h`;
}
