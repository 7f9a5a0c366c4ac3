import { describe, expect, it } from 'vitest';
import {
  isHeatDissipationFailure,
  isOverstrainFailure,
  isPowerFailure,
  type Measurement,
} from '../../../scripts/demo/failure-modes.ts';
import { originalRecords } from './csv.ts';

const healthy: Measurement = {
  type: 'L',
  airTemperatureK: 300,
  processTemperatureK: 310,
  rotationalSpeedRpm: 1500,
  torqueNm: 40,
  toolWearMin: 100,
};

describe('the failure modes that follow from measurements', () => {
  it('spare a healthy machine', () => {
    expect(isHeatDissipationFailure(healthy) || isPowerFailure(healthy) || isOverstrainFailure(healthy)).toBe(false);
  });

  it('need both little heat and little speed for heat dissipation', () => {
    const cool = { ...healthy, processTemperatureK: 308 };
    expect(isHeatDissipationFailure(cool)).toBe(false);
    expect(isHeatDissipationFailure({ ...cool, rotationalSpeedRpm: 1379 })).toBe(true);
    expect(isHeatDissipationFailure({ ...cool, rotationalSpeedRpm: 1380 })).toBe(false);
    expect(isHeatDissipationFailure({ ...healthy, rotationalSpeedRpm: 1379 })).toBe(false);
  });

  it('are power below 3500 W and above 9000 W', () => {
    // 1500 rpm are 157.08 rad/s: 22.28 Nm are 3500 W, 57.3 Nm are 9000 W.
    expect([22.2, 22.3, 57.2, 57.3].map((torqueNm) => isPowerFailure({ ...healthy, torqueNm }))).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  it('let better machines bear more strain', () => {
    const strained = { ...healthy, torqueNm: 62.5, toolWearMin: 200 };
    expect((['L', 'M', 'H'] as const).map((type) => isOverstrainFailure({ ...strained, type }))).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe.skipIf(originalRecords.length === 0)('the original data', () => {
  it.each([
    ['hdf', isHeatDissipationFailure, 115],
    ['pwf', isPowerFailure, 95],
    ['osf', isOverstrainFailure, 98],
  ] as const)('has its %s flags exactly where the rule says', (mode, rule, count) => {
    expect(originalRecords.filter((record) => rule(record) !== record.modes[mode])).toEqual([]);
    expect(originalRecords.filter(rule)).toHaveLength(count);
  });
});
