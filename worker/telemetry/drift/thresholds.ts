// The thresholds of drift when nothing else is configured.
import type { Thresholds } from './judge.ts';

export const defaultThresholds: Thresholds = {
  psi: 0.1,
  jensenShannon: 0.15,
  missing: 0.05,
  outside: 0.02,
  falseAlarms: 0.005,
};
