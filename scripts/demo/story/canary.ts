// How devices were divided while the canary ran, and how right each side was.
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
  readonly evaluation: Evaluation;
}

/** @param answers of the epochs of one rollout */
export function summarizeCanary(answers: readonly Answered[], percent: number): CanarySummary {
  const sides = new Map<string, Set<string>>();
  for (const { device, version } of answers) sides.set(device, (sides.get(device) ?? new Set()).add(version));
  const arms = regions.flatMap((region) =>
    ['1', '2'].map((version) => {
      const own = answers.filter((answer) => answer.pop === region.pop && answer.version === version);
      const devices = new Set(own.map(({ device }) => device)).size;
      return { region, version, devices, requests: own.length, evaluation: evaluateAnswers(own) };
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

function evaluateAnswers(answers: readonly Answered[]): Evaluation {
  return evaluateRows(
    answers.flatMap(({ probabilities }) => probabilities),
    answers.flatMap(({ rows }) => rows),
  );
}

/** Against what truly happened. */
export function evaluateRows(probabilities: readonly number[], rows: readonly FleetRecord[]): Evaluation {
  return evaluate(
    probabilities,
    rows.map(({ failure }) => failure),
  );
}
