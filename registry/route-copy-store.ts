// Copies of the newest routes, for the points of presence. They are eventually consistent; only the route log is always right.
import type { RouteCopy } from './route.ts';

export interface RouteCopyStore {
  /** The copy may be old, and null for a while after the first put: absent keys are cached too. */
  get(model: string): Promise<RouteCopy | null>;
  /** @throws {PopserveError} RATE_LIMITED when the copy was written less than a second ago */
  put(copy: RouteCopy): Promise<void>;
}
