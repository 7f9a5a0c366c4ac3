// Generates records of milling machines and whether they fail, by the rules that the AI4I 2020 data set was made with, so that
// a fleet of any size, in any climate and with any product mix can be simulated. No row of the data set itself is used.
// @see S. Matzka, AI4I 2020; data set https://archive.ics.uci.edu/dataset/601 (CC BY 4.0), its page states the rules

import { Random } from '../random.ts';
import {
  isHeatDissipationFailure,
  isOverstrainFailure,
  isPowerFailure,
  type Measurement,
  type Quality,
} from './failure-modes.ts';

export interface FailureModes {
  /** Tool wear. */
  readonly twf: boolean;
  /** Heat dissipation. */
  readonly hdf: boolean;
  /** Power. */
  readonly pwf: boolean;
  /** Overstrain. */
  readonly osf: boolean;
  /** Random, without a cause. */
  readonly rnf: boolean;
}

export interface FleetRecord extends Measurement {
  readonly modes: FailureModes;
  /** Any of the five. */
  readonly failure: boolean;
}

export interface FleetOptions {
  readonly seed: number;
  /** Records in the order they were taken; one tool is worn and changed after the other. */
  readonly rows: number;
  /** Shares of the product qualities; default the published 50/30/20 %. The data set's file has 60/30/10 %. */
  readonly mix?: Readonly<Record<Quality, number>>;
  /** Mean of the air temperature; default 300 K. The process follows it. */
  readonly airMeanK?: number;
  /** Mean of process over air temperature; default 10 K. Less is worse cooling of the process. */
  readonly processHeatK?: number;
  /** Mean of the torque; default 40 Nm. */
  readonly torqueMeanNm?: number;
}

const publishedMix: Readonly<Record<Quality, number>> = { L: 50, M: 30, H: 20 };

/** Minutes that making one product wears the tool. */
const wearByType: Readonly<Record<Quality, number>> = { L: 2, M: 3, H: 5 };

/** A tool is changed at a wear drawn from this range; in 51 of the published 120 cases it fails instead. */
const toolLifeMin = { from: 200, to: 240 };
const wornToolFails = 51 / 120;

const randomFailure = 0.001;

/** Records of one site; the same options give the same records. */
export function generateFleet(options: FleetOptions): FleetRecord[] {
  const random = new Random(options.seed);
  const { rows, mix = publishedMix, airMeanK = 300, processHeatK = 10, torqueMeanNm = 40 } = options;
  const air = randomWalk(random, rows, airMeanK, 2);
  const heat = randomWalk(random, rows, processHeatK, 1);
  const drawToolLife = () => toolLifeMin.from + random.uniform() * (toolLifeMin.to - toolLifeMin.from);
  const records: FleetRecord[] = [];
  let toolWearMin = 0;
  let toolLife = drawToolLife();
  for (const [row, airK] of air.entries()) {
    const type = random.pick(mix);
    const torqueNm = round(drawTorque(random, torqueMeanNm), 1);
    const measured: Measurement = {
      type,
      airTemperatureK: round(airK, 1),
      processTemperatureK: round(airK + (heat[row] ?? processHeatK), 1),
      rotationalSpeedRpm: round(drawSpeed(random, torqueNm), 0),
      torqueNm,
      toolWearMin,
    };
    toolWearMin += wearByType[type];
    const isWornOut = toolWearMin >= toolLife;
    if (isWornOut) {
      toolWearMin = 0;
      toolLife = drawToolLife();
    }
    const modes: FailureModes = {
      twf: isWornOut && random.chance(wornToolFails),
      hdf: isHeatDissipationFailure(measured),
      pwf: isPowerFailure(measured),
      osf: isOverstrainFailure(measured),
      rnf: random.chance(randomFailure),
    };
    records.push({ ...measured, modes, failure: Object.values(modes).includes(true) });
  }
  return records;
}

/** A random walk, moved and stretched as a whole to the mean and standard deviation asked for, as published. */
function randomWalk(random: Random, steps: number, mean: number, standardDeviation: number): number[] {
  let position = 0;
  const path = Array.from({ length: steps }, () => {
    position += random.normal(0, 1);
    return position;
  });
  const pathMean = path.reduce((sum, at) => sum + at, 0) / steps;
  const variance = path.reduce((sum, at) => sum + (at - pathMean) ** 2, 0) / steps;
  const stretch = variance > 0 ? standardDeviation / Math.sqrt(variance) : 0;
  return path.map((at) => mean + (at - pathMean) * stretch);
}

/** Normal with a standard deviation of 10 Nm and without negative values. */
function drawTorque(random: Random, mean: number): number {
  for (;;) {
    const torque = random.normal(mean, 10);
    if (torque > 0) return torque;
  }
}

/**
 * Speed in rpm at a torque. The published rule is short ("calculated from a power of 2860 W, overlaid with normal noise") and
 * taken literally gives 683 rpm at the mean torque, where the file has 1500. These are the numbers that the file's own 10 000
 * rows follow: noise of 50 rpm around 1000 + 20000 / torque, and an exact line where that would be beyond 2700 rpm.
 */
function drawSpeed(random: Random, torqueNm: number): number {
  const speed = random.normal(1000 + 20_000 / torqueNm, 50);
  return speed > 2700 ? 3000 - 30 * torqueNm : speed;
}

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
