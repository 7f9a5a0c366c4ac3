// How devices were divided while the canary ran, and how right each side was by what the maintenance told.
import type { FeedbackStatus } from '../../../registry/api/feedback.ts';
import { type Evaluation, evaluate } from '../evaluation.ts';
import type { FleetRecord } from '../fleet-data.ts';
import type { Answered } from './devices.ts';
import { type Region, regions } from './plan.ts';

export interface CanarySummary {
  readonly percent: number;
  readonly devices: number;
  readonly canaryDevices: number;
  /** Devices that were answered by both versions. */
  readonly strays: readonly string[];
  readonly arms: readonly CanaryArm[];
}

/** Answers that devices of a region got from one version. */
interface CanaryArm {
  readonly region: Region;
  readonly version: string;
  readonly devices: number;
  readonly requests: number;
  /** As the PoPs tell it; null where nothing was told of. */
  readonly accuracy: number | null;
}

/**
 * @param answers of the epochs of one rollout
 * @param feedback what the PoPs made of the truths that were told in this time
 */
export function summarizeCanary(
  answers: readonly Answered[],
  percent: number,
  feedback: FeedbackStatus,
): CanarySummary {
  const sides = new Map<string, Set<string>>();
  for (const { device, version } of answers) sides.set(device, (sides.get(device) ?? new Set()).add(version));
  const arms = regions.flatMap((region) =>
    ['1', '2'].map((version) => {
      const own = answers.filter((answer) => answer.pop === region.pop && answer.version === version);
      const devices = new Set(own.map(({ device }) => device)).size;
      const side = version === '2' ? 'canary' : 'stable';
      const told = feedback.recent.find(
        (each) => each.place === `pop:${region.pop}` && each.version === version && each.side === side,
      );
      return { region, version, devices, requests: own.length, accuracy: told?.accuracy ?? null };
    }),
  );
  return {
    percent,
    devices: sides.size,
    canaryDevices: [...sides.values()].filter((versions) => versions.has('2')).length,
    strays: [...sides].filter(([, versions]) => versions.size > 1).map(([device]) => device),
    arms,
  };
}

/** Against what truly happened. */
export function evaluateRows(probabilities: readonly number[], rows: readonly FleetRecord[]): Evaluation {
  return evaluate(
    probabilities,
    rows.map(({ failure }) => failure),
  );
}
