// The trial of a version: its first load, and its first run, by one isolate at a time. A model that never returns ends the isolate
// that tries it, so each attempt is written down before it begins. Whoever finds attempts that never ended takes them for failed.

/** So many failed attempts make a version UNAVAILABLE everywhere: fewer would punish isolates that the platform ended for reasons of its own. */
export const mostAttempts = 3;

export interface Attempt {
  /** From 1; each number can be begun once. */
  readonly number: number;
  /** The isolate that began it, by an id that no other has. */
  readonly by: string;
  /** The PoP of that isolate, for people. */
  readonly pop: string;
  readonly startedAt: Date;
  /** Why it failed, where the isolate lived to tell: the model broke the runtime. */
  readonly failure: string | null;
}

export interface TrialState {
  /** The version was loaded and has run somewhere. That never changes again. */
  readonly proven: boolean;
  /** The attempts that did not end well, or not yet. */
  readonly attempts: readonly Attempt[];
}

export type Verdict =
  | { readonly step: 'begin' | 'resume'; readonly number: number }
  /** Another isolate tries it. */
  | { readonly step: 'wait'; readonly attempt: Attempt }
  | { readonly step: 'refuse'; readonly last: Attempt };

/**
 * The next step of an isolate with a version that is not proven.
 * @param by the isolate that asks
 * @param lostMs an attempt that is older has not ended because its isolate was ended
 */
export function judgeTrial(
  attempts: readonly Attempt[],
  { by, nowMs, lostMs }: { by: string; nowMs: number; lostMs: number },
): Verdict {
  const failed = (attempt: Attempt) => attempt.failure !== null;
  // An isolate that asks has not been stopped by its own attempt: a request that began it was cancelled.
  const own = attempts.find((attempt) => attempt.by === by && !failed(attempt));
  if (own !== undefined) return { step: 'resume', number: own.number };
  const running = attempts.find((attempt) => !failed(attempt) && nowMs - attempt.startedAt.getTime() < lostMs);
  if (running !== undefined) return { step: 'wait', attempt: running };
  const last = attempts.toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime())[0];
  if (last !== undefined && attempts.length >= mostAttempts) return { step: 'refuse', last };
  const taken = new Set(attempts.map(({ number }) => number));
  let number = 1;
  while (taken.has(number)) number++;
  return { step: 'begin', number };
}
