// The copies of the newest routes that the points of presence read. Eventually consistent: a hint, never the truth.
import type { RouteCopy } from './route.ts';

export interface RouteCopyStore {
  /** May be old, and may be null for a while after the first put: absent keys are cached too. */
  get(model: string): Promise<RouteCopy | null>;
  put(copy: RouteCopy): Promise<void>;
}
