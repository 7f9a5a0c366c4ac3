// Decides which epochs the object keeps apart. A guard compares what was counted since its rollout began; everything else is
// shown as a sum. So older epochs become one row, the epochs of the rollout another, and epochs beyond the known route stay as
// they are.
import type { Route } from '../../registry/route.ts';

export interface KeptEpochs {
  /** The epoch at which the running rollout began; without a rollout the epoch of the route. */
  readonly since: number;
  /** The epoch of the newest route that the object has read. */
  readonly known: number;
}

/** Epochs that are merged into one; both ends are included. */
export interface EpochRange {
  readonly from: number;
  readonly to: number;
  readonly into: number;
}

/** The epoch that holds the sum of everything before the rollout. No route has it. */
const past = 0;

export function keptEpochs({ epoch, rollout }: Route): KeptEpochs {
  return { since: sinceEpochOf({ epoch, rollout }), known: epoch };
}

/** The epoch from which on a rollout's own numbers count. */
export function sinceEpochOf({ epoch, rollout }: Pick<Route, 'epoch' | 'rollout'>): number {
  return rollout?.sinceEpoch ?? epoch;
}

/**
 * The epoch under which a count is kept.
 * @param kept null if the route is not known yet
 */
export function keptAs(kept: KeptEpochs | null, epoch: number): number {
  const range = kept === null ? undefined : foldedRanges(kept).find(({ from, to }) => from <= epoch && epoch <= to);
  return range?.into ?? epoch;
}

export function foldedRanges({ since, known }: KeptEpochs): EpochRange[] {
  return [
    { from: past + 1, to: since - 1, into: past },
    { from: since + 1, to: known, into: since },
  ];
}
