// Copies of the newest routes, for the points of presence. They are eventually consistent; only the route log is always right.
import type { RouteCopy } from './route.ts';

export interface RouteCopyStore {
  /** The copy may be old, and null for a while after the first put: absent keys are cached too. */
  get(model: string): Promise<RouteCopy | null>;
  put(copy: RouteCopy): Promise<void>;
}
