// What the Durable Object of a model tells of it.
import type { VersionTotals } from './counts-part.ts';
import type { PopStatus, ReleaseStatus } from './propagation.ts';
import type { GuardFinding } from './rollout-guard.ts';

export interface TelemetryStatus {
  release: ReleaseStatus | null;
  pops: PopStatus[];
  versions: VersionTotals[];
  /** Each limit of the running rollout, and what was measured. */
  guard: GuardFinding[];
}
