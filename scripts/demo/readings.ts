// Readings of many machines, as pools that are drawn from without order: at any time each machine stands somewhere else
// on its slow walk of temperatures, so what comes in within a window of time is a sample of the whole.

import { Random } from '../random.ts';
import type { NumericInput } from './failure-model.ts';
import { featureColumns } from './failure-model.ts';
import { type FleetOptions, type FleetRecord, generateFleet } from './fleet-data.ts';

/** Long enough for a tool to be worn and changed. */
const rowsPerMachine = 100;

/** Climate and kind of the machines; empty: the generator's own. */
export type Conditions = Pick<FleetOptions, 'mix' | 'airMeanK' | 'processHeatK' | 'torqueMeanNm'>;

/** The purpose of a pool: no two draw the same machines. */
export type Purpose = 'training' | 'test' | 'live' | 'live-changed' | 'held-out' | 'held-out-changed';
const purposes: readonly Purpose[] = ['training', 'test', 'live', 'live-changed', 'held-out', 'held-out-changed'];

export interface PoolOptions {
  readonly seed: number;
  readonly purpose: Purpose;
  /** Which of several pools for the same purpose. */
  readonly index?: number;
  readonly machines: number;
  readonly rows: number;
  readonly conditions: Conditions;
}

/** @returns `rows` readings of as many different machines as there are; the same options give the same readings */
export function drawPool({ seed, purpose, index = 0, machines, rows, conditions }: PoolOptions): FleetRecord[] {
  const poolSeed = (seed * 1000 + purposes.indexOf(purpose) * 100 + index) * 100_000;
  const random = new Random(poolSeed);
  const drawn: FleetRecord[] = [];
  const perMachine = Math.ceil(rows / machines);
  for (let machine = 0; machine < machines; machine++) {
    const all = generateFleet({ seed: poolSeed + 1 + machine, rows: rowsPerMachine, ...conditions });
    shuffle(all, random);
    for (const record of all.slice(0, perMachine)) drawn.push(record);
  }
  shuffle(drawn, random);
  return drawn.slice(0, rows);
}

/** The readings of a region as they come in, without end. */
export class ReadingStream {
  readonly #draw: (pool: number) => FleetRecord[];
  #pool: FleetRecord[] = [];
  #pools = 0;
  #at = 0;

  /** @param draw the pool of this number */
  constructor(draw: (pool: number) => FleetRecord[]) {
    this.#draw = draw;
  }

  next(count: number): FleetRecord[] {
    if (this.#at + count > this.#pool.length) {
      this.#pool = this.#draw(this.#pools++);
      this.#at = 0;
    }
    const rows = this.#pool.slice(this.#at, this.#at + count);
    this.#at += count;
    return rows;
  }
}

/** A reading as a device sends it. */
export type Instance = { readonly type: string } & Readonly<Record<NumericInput, number>>;

export function instancesOf(rows: readonly FleetRecord[]): Instance[] {
  const { type: _, ...columns } = featureColumns(rows);
  const entries = Object.entries(columns) as [NumericInput, number[]][];
  return rows.map(({ type }, row) => ({
    type,
    ...(Object.fromEntries(entries.map(([name, values]) => [name, values[row]])) as Record<NumericInput, number>),
  }));
}

/** With the truth in a column `failure`, as test data and training data are kept. */
export function csvOf(rows: readonly FleetRecord[]): string {
  const instances = instancesOf(rows);
  const header = [...Object.keys(instances[0] ?? {}), 'failure'];
  const lines = instances.map((instance, row) => [...Object.values(instance), rows[row]?.failure ? 1 : 0].join());
  return `${[header.join(), ...lines].join('\n')}\n`;
}

/** Fisher and Yates, in place. */
function shuffle<T>(items: T[], random: Random): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random.uniform() * (last + 1));
    [items[last], items[other]] = [items[other] as T, items[last] as T];
  }
}
