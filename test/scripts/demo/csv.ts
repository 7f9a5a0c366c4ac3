// The original AI4I 2020 data, where the zoo has it. Only tests read it; nothing of it is in the project.
import { readFileSync } from 'node:fs';
import type { FleetRecord } from '../../../scripts/demo/fleet-data.ts';
import { hasZoo, zooPath } from '../../zoo/zoo.ts';

/** The file's 10 000 rows; empty without a zoo. `failure` is the file's own flag, which leaves out most random failures. */
export const originalRecords: readonly FleetRecord[] = hasZoo ? read() : [];

function read(): FleetRecord[] {
  const [, ...lines] = readFileSync(zooPath('data', 'ai4i2020.csv'), 'utf8').trim().split(/\r?\n/);
  return lines.map((line) => {
    const [, , type, air, process, speed, torque, wear, failure, twf, hdf, pwf, osf, rnf] = line.split(',');
    if (type !== 'L' && type !== 'M' && type !== 'H') throw new Error(`expected a row of the data set, got ${line}`);
    return {
      type,
      airTemperatureK: Number(air),
      processTemperatureK: Number(process),
      rotationalSpeedRpm: Number(speed),
      torqueNm: Number(torque),
      toolWearMin: Number(wear),
      failure: failure === '1',
      modes: { twf: twf === '1', hdf: hdf === '1', pwf: pwf === '1', osf: osf === '1', rnf: rnf === '1' },
    };
  });
}
