// Why an open window is not judged yet, and until when it waits.
import type { DriftWait } from '../../../registry/api/drift.ts';
import type { CallerCounts } from './caller-counts.ts';
import type { OpenWindow } from './drift-tables.ts';
import { longestWait, longestWindow } from './settings.ts';
import { callersBySize, isLoneStranger, rowsOfOthers } from './without-one.ts';

/** What lacks, and what happens at `untilMs` if it still does: the window is judged as it is, or closed without a verdict. */
export interface Lack {
  readonly for: 'rows' | 'callers';
  readonly have: number;
  readonly untilMs: number;
  readonly judgedThen: boolean;
}

/**
 * @param enough the number of rows from which a window is judged
 * @param world the callers of all places, the largest first
 * @returns null for a window that is judged as soon as it is old enough
 */
export function lackOf(
  { place, sinceMs, rows, callers }: OpenWindow,
  enough: number,
  world: readonly CallerCounts[],
  windowMs: number,
): Lack | null {
  const bySize = callersBySize(callers, enough);
  const others = rowsOfOthers(bySize);
  const endMs = sinceMs + longestWindow * windowMs;
  if (rows < enough) return { for: 'rows', have: rows, untilMs: endMs, judgedThen: false };
  if (place !== 'global' && isLoneStranger(bySize, world, enough)) {
    return { for: 'callers', have: others, untilMs: endMs, judgedThen: false };
  }
  // One caller has sent nearly all: the window waits until the others can be judged without it.
  if (others === 0 || others >= enough) return null;
  return { for: 'callers', have: others, untilMs: sinceMs + longestWait(windowMs), judgedThen: true };
}

/** @param lookMs when the version's windows are looked at next; null: its next report decides */
export function waitOf(lack: Lack | null, rows: number, enough: number, lookMs: number | null): DriftWait {
  if (lack === null) return { for: 'time', have: rows, need: enough, lookMs, untilMs: null, judgedThen: true };
  return { ...lack, need: enough, lookMs };
}
