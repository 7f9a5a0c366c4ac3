// How large the story is told, and where: for a person who watches, or small enough for every run of the tests.
import type { Place } from '../../local-pop/pop.ts';
import type { Conditions } from '../readings.ts';

export interface Region extends Place {
  readonly city: string;
}

export const regions = [
  { pop: 'FRA', region: 'EU', city: 'Frankfurt' },
  { pop: 'SIN', region: 'AS', city: 'Singapore' },
  { pop: 'YUL', region: 'NA', city: 'Montréal' },
] as const satisfies readonly Region[];

/** The region whose readings change. */
export const changing: Region = regions[2];

/** As everywhere at first: the generator's own defaults. */
export const usual: Conditions = {};

/** Unheated halls in winter, and machines for heavier work that are cooled better: another climate and another machine type. */
export const changed: Conditions = {
  airMeanK: 285,
  processHeatK: 9,
  torqueMeanNm: 46,
  mix: { L: 20, M: 30, H: 50 },
};

export interface StoryPlan {
  readonly seed: number;
  /** Machines of a pool of readings: each has a temperature of its own that wanders slowly. */
  readonly machines: number;
  readonly trainingRows: number;
  readonly testRows: number;
  /** Readings of the changed region that version 2 learns from, with what the maintenance found. */
  readonly learnedRows: number;
  /** Readings of each region that no version has learned from, asked at its PoP before and after. */
  readonly heldOutRows: number;
  readonly devicesPerRegion: number;
  readonly rowsPerRequest: number;
  /** Rows of each of the two requests that a region has under way at most. */
  readonly pauseMs: number;
  readonly driftWindowSeconds: number;
  /** Judged windows without drift before anything changes. */
  readonly quietWindows: number;
  /** The condition for promoting the canary. */
  readonly canaryRequests: number;
  readonly shadowRequests: number;
}

export const defaultSeed = 2026;

/** The story that `npm run demo` tells. */
export function fullPlan(seed = defaultSeed): StoryPlan {
  return {
    seed,
    machines: 1000,
    ...{ trainingRows: 20_000, testRows: 10_000, learnedRows: 6000, heldOutRows: 6000 },
    ...{ devicesPerRegion: 80, rowsPerRequest: 20, pauseMs: 60 },
    ...{ driftWindowSeconds: 3, quietWindows: 4 },
    ...{ canaryRequests: 60, shadowRequests: 300 },
  };
}

/** `--quick`, and what the tests tell. */
export function quickPlan(seed = defaultSeed): StoryPlan {
  return {
    seed,
    machines: 400,
    ...{ trainingRows: 8000, testRows: 5000, learnedRows: 3000, heldOutRows: 2000 },
    ...{ devicesPerRegion: 80, rowsPerRequest: 60, pauseMs: 120 },
    ...{ driftWindowSeconds: 1.5, quietWindows: 2 },
    ...{ canaryRequests: 15, shadowRequests: 60 },
  };
}
