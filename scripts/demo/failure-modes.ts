// How a machine of the AI4I 2020 data set fails: the three of its five failure modes that follow from what is measured.
// The other two, tool wear (TWF) and random failures (RNF), are drawn in fleet-data.ts.
// @see S. Matzka, Explainable Artificial Intelligence for Predictive Maintenance Applications, AI4I 2020;
//   data set https://archive.ics.uci.edu/dataset/601 (CC BY 4.0)

export const qualities = ['L', 'M', 'H'] as const;

/** Quality variant of what the machine makes: low, medium, high. */
export type Quality = (typeof qualities)[number];

/** Readings of the machine's sensors, in the data set's units and steps (0.1 K, 1 rpm, 0.1 Nm, 1 min). */
export interface Measurement {
  readonly type: Quality;
  readonly airTemperatureK: number;
  readonly processTemperatureK: number;
  readonly rotationalSpeedRpm: number;
  readonly torqueNm: number;
  readonly toolWearMin: number;
}

/** Wear times torque at which the tool's load becomes too much, minute newton metres. */
const overstrainLimit: Readonly<Record<Quality, number>> = { L: 11_000, M: 12_000, H: 13_000 };

/** HDF: the process is hardly warmer than the air while the machine turns slowly. */
export function isHeatDissipationFailure(measured: Measurement): boolean {
  return measured.processTemperatureK - measured.airTemperatureK < 8.6 && measured.rotationalSpeedRpm < 1380;
}

/** PWF: the power at the shaft is below 3500 W or above 9000 W. */
export function isPowerFailure(measured: Measurement): boolean {
  const radiansPerSecond = (measured.rotationalSpeedRpm * 2 * Math.PI) / 60;
  const powerW = measured.torqueNm * radiansPerSecond;
  return powerW < 3500 || powerW > 9000;
}

/** OSF: a worn tool under much torque. */
export function isOverstrainFailure(measured: Measurement): boolean {
  return measured.toolWearMin * measured.torqueNm > overstrainLimit[measured.type];
}
