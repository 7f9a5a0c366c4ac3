// The trials of versions by model and version: attempts, each begun once, and the mark of those that are proven.
import type { TrialState } from './trial.ts';

export interface TrialStore {
  read(model: string, version: string): Promise<TrialState>;
  isProven(model: string, version: string): Promise<boolean>;
  /** One of any number of isolates that begin the same number succeeds. @returns false if it is begun already */
  begin(model: string, version: string, attempt: { number: number; by: string; pop: string }): Promise<boolean>;
  /** The isolate lived to tell that its attempt failed, and why. */
  fail(
    model: string,
    version: string,
    attempt: { number: number; by: string; pop: string },
    reason: string,
  ): Promise<void>;
  /** The attempt says nothing about the version: as if it had not been begun. */
  abandon(model: string, version: string, number: number): Promise<void>;
  /** Marks the version as proven. Its attempts mean nothing from then on, and stay until {@link clear}. */
  prove(model: string, version: string): Promise<void>;
  /** Forgets all attempts, so that a version that is not proven is tried again. */
  clear(model: string, version: string): Promise<void>;
}
