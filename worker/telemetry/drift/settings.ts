// The settings of drift: the thresholds of the statistics, and for how many windows they must be passed. docs/drift.md says why.
import * as z from 'zod';
import type { DriftSettings, Thresholds } from '../../../registry/api/drift.ts';

/** A window without enough rows is closed without a verdict after this many lengths of a window: a day at five minutes each. */
export const longestWindow = 288;

const waitedWindows = 12;
const dayMs = 86_400_000;

/** How long a window that is nearly all of one caller waits for the others: an hour at five minutes a window, a day at most. */
export function longestWait(windowMs: number): number {
  return Math.min(waitedWindows * windowMs, dayMs);
}

export const defaultThresholds: Thresholds = {
  psi: 0.1,
  jensenShannon: 0.15,
  missing: 0.05,
  outside: 0.02,
  falseAlarms: 0.005,
};

const number = (minimum: number, most: number) => z.coerce.number().min(minimum).max(most);

export const driftVariables = {
  DRIFT_WINDOW_SECONDS: number(0.1, 86_400).default(300),
  DRIFT_WINDOWS: z.coerce.number().int().min(1).max(100).default(2),
  DRIFT_PSI: number(0.001, 10).default(defaultThresholds.psi),
  DRIFT_JENSEN_SHANNON: number(0.001, 1).default(defaultThresholds.jensenShannon),
  DRIFT_MISSING: number(0, 1).default(defaultThresholds.missing),
  DRIFT_OUTSIDE: number(0, 1).default(defaultThresholds.outside),
  DRIFT_FALSE_ALARMS: number(1e-9, 0.5).default(defaultThresholds.falseAlarms),
};

type Variables = { [K in keyof typeof driftVariables]: z.output<(typeof driftVariables)[K]> };

export function readDriftSettings(variables: Variables): DriftSettings {
  return {
    windowSeconds: variables.DRIFT_WINDOW_SECONDS,
    windows: variables.DRIFT_WINDOWS,
    thresholds: {
      psi: variables.DRIFT_PSI,
      jensenShannon: variables.DRIFT_JENSEN_SHANNON,
      missing: variables.DRIFT_MISSING,
      outside: variables.DRIFT_OUTSIDE,
      falseAlarms: variables.DRIFT_FALSE_ALARMS,
    },
  };
}
