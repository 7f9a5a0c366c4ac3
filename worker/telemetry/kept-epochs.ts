// Which epochs the object keeps apart. A guard compares what was counted since its rollout began; everything else is shown as a
// sum. So what is older is one row, what the rollout has counted another, and what is newer than the route known here stays as it is.
import type { Route } from '../../registry/route.ts';

export interface KeptEpochs {
  /** Where the running rollout began; without one the epoch of the route. */
  readonly since: number;
  /** Of the route. */
  readonly known: number;
}

/** Epochs that become one, both ends included. */
export interface EpochRange {
  readonly from: number;
  readonly to: number;
  readonly into: number;
}

/** The epoch of what no rollout counts any more; no route has it. */
const past = 0;

export function keptEpochs({ epoch, rollout }: Route): KeptEpochs {
  return { since: sinceEpochOf({ epoch, rollout }), known: epoch };
}

/** The epoch from which on a rollout's own numbers count. */
export function sinceEpochOf({ epoch, rollout }: Pick<Route, 'epoch' | 'rollout'>): number {
  return rollout?.sinceEpoch ?? epoch;
}

/** The epoch under which something is added. @param kept null: the route is not known yet */
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
