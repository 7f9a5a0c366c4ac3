// Measures one kind of attack: turns of quiet and of attack, in which a victim asks for its own model; then the isolate's memory
// while the attack goes on.
import { setTimeout as delay } from 'node:timers/promises';
import type { Statistics } from '../../../registry/api/statistics.ts';
import { isolateMemory } from '../../../registry/default-limits.ts';
import { largest, smallest } from '../../../registry/extremes.ts';
import { mebibyte, mebibytes } from '../../../registry/mebibytes.ts';
import { threadTimes } from '../../inspect/process-cpu.ts';
import { isolateBytes } from '../fuzz/fuzz-pop.ts';
import { quantile } from '../summarise.ts';
import { type Attack, count, type Flood, type KindReport } from './kind.ts';
import { newAttacker, releaseAttacked, type Target } from './target.ts';
import { latencyOf, Victim } from './victim.ts';

/** Limits of a run. */
export const most = {
  /** A victim's 99th percentile during the attack, in times of the quiet one. */
  slowdown: 3,
  /** A quiet percentile below this counts as this: two processes on two cores wait for each other for longer. */
  quietMs: 10,
  /** Processor time of workerd per attacking request. */
  cpuMs: 250,
  heldBytes: isolateMemory.totalMib * mebibyte,
};

/** Most attacking requests that wait for their answer at a time. */
const mostOpen = 16;
const turnMs = 3000;
const aloneTries = 2;
const memoryLooks = 3;
const longestSettleMs = 30_000;

/** @param seconds how long it takes about */
export async function measureFlood(target: Target, flood: Flood, seconds: number): Promise<KindReport> {
  await releaseAttacked(target);
  const attack = await flood.prepare(target, await newAttacker(target));
  using victim = new Victim(target);
  // Compiled and cached before the first turn.
  await victim.ask(500, {});
  const got: Record<string, number> = {};
  const alone = await dearest(target, attack, got);
  const turns = Math.max(1, Math.round((seconds * 1000) / (2 * turnMs)));
  const sliceMs = (seconds * 1000) / (2 * turns);
  const quiet: number[] = [];
  const during: number[] = [];
  const cpu: number[] = [];
  const victimErrors: Record<string, number> = {};
  const tally = new Volleys(attack, flood.perSecond, got);
  let memory: { readonly heldBytes: number; readonly seenBytes: number };
  try {
    for (let turn = 0; turn < turns; turn++) {
      const idle = await spent(target, async () => void (await pushAll(quiet, victim.ask(sliceMs, victimErrors))));
      const before = tally.fired;
      const attacked = await spent(target, async () => {
        const stop = tally.begin();
        await pushAll(during, victim.ask(sliceMs, victimErrors));
        await stop();
      });
      if (idle !== null && attacked !== null) cpu.push((attacked - idle) / Math.max(1, tally.fired - before));
    }
    const stop = tally.begin();
    memory = await memoryOf(target);
    await stop();
  } finally {
    await attack.end();
  }
  const fault = (await settled(target)) ?? (await victim.once());
  if (fault !== null) count(victimErrors, `after the attack: ${fault}`);
  const told = {
    name: flood.name,
    quiet: latencyOf(quiet),
    during: latencyOf(during),
    victimErrors,
    fired: Object.values(got).reduce((sum, times) => sum + times, 0),
    got,
    cpuMs: alone ?? (cpu.length === 0 ? null : Math.max(0, quantile(cpu, 0.5))),
    ...memory,
  };
  return { ...told, faults: faultsOf(told) };
}

/** Past the limits of a run. */
export function faultsOf(told: Omit<KindReport, 'faults'>): string[] {
  const { quiet, during, victimErrors, cpuMs, heldBytes } = told;
  const faults = Object.entries(victimErrors).map(([what, times]) => `a victim saw ${times} times: ${what}`);
  if (quiet !== null && during !== null) {
    const limitMs = most.slowdown * Math.max(most.quietMs, quiet.p99Ms);
    if (during.p99Ms > limitMs) {
      faults.push(
        `a victim's p99 was ${during.p99Ms.toFixed(0)} ms, the limit is ${limitMs.toFixed(0)} ms (quiet ${quiet.p99Ms.toFixed(1)} ms)`,
      );
    }
  }
  if (cpuMs !== null && cpuMs > most.cpuMs) {
    faults.push(`an attacking request took ${cpuMs.toFixed(0)} ms of CPU, the limit is ${most.cpuMs} ms`);
  }
  if (heldBytes !== null && heldBytes > most.heldBytes) {
    faults.push(`the isolate held ${mebibytes(heldBytes, 1)}, the limit is ${mebibytes(most.heldBytes)}`);
  }
  return faults;
}

async function pushAll(list: number[], more: Promise<readonly number[]>): Promise<void> {
  for (const value of await more) list.push(value);
}

/** Fires at a steady pace, with so many requests open at most. */
class Volleys {
  readonly #attack: Attack;
  readonly #everyMs: number;
  readonly #got: Record<string, number>;
  fired = 0;

  /** @param got gets each outcome */
  constructor(attack: Attack, perSecond: number, got: Record<string, number>) {
    this.#got = got;
    this.#attack = attack;
    this.#everyMs = 1000 / perSecond;
  }

  /** @returns ends the attack and waits for what is under way */
  begin(): () => Promise<void> {
    let isOver = false;
    const open = new Set<Promise<void>>();
    const fire = async () => {
      const what = await this.#attack.fire().catch((error: unknown) => `no answer: ${String(error)}`);
      count(this.#got, what);
    };
    const pace = async () => {
      for (let due = performance.now(); !isOver; due += this.#everyMs) {
        const early = due - performance.now();
        if (early > 0) await delay(early);
        // Not made up for later: nobody sends faster than the limiter lets through.
        else due = performance.now();
        if (isOver || open.size >= mostOpen) continue;
        this.fired++;
        const one: Promise<void> = fire().finally(() => open.delete(one));
        open.add(one);
        if (early <= 0) await delay(0);
      }
    };
    const pacing = pace();
    return async () => {
      isOver = true;
      await pacing;
      await Promise.race([Promise.all(open), delay(longestSettleMs)]);
    };
  }
}

/**
 * Of each request the cheapest of some tries, in which nothing else was collected or compiled; of these the largest. Each try is
 * another caller's, who is not held back for the one before.
 */
async function dearest(target: Target, { each }: Attack, got: Record<string, number>): Promise<number | null> {
  if (each === undefined) return null;
  const costs: number[] = [];
  for (const send of each) {
    const tries: number[] = [];
    for (let attempt = 0; attempt < aloneTries; attempt++) {
      const attacker = await newAttacker(target);
      const ms = await spent(target, async () => count(got, await send(attacker)));
      if (ms === null) return null;
      tries.push(ms);
    }
    costs.push(smallest(tries));
  }
  return largest(costs);
}

/** Processor time of workerd, all threads, while something is done; null where the system does not tell. */
async function spent({ pid }: Target, work: () => Promise<void>): Promise<number | null> {
  const sum = async () => {
    const times = pid === null ? [] : [...(await threadTimes(pid)).values()];
    return times.length === 0 ? null : times.reduce((total, time) => total + time, 0) / 1e6;
  };
  const before = await sum();
  await work();
  const after = await sum();
  return before === null || after === null ? null : after - before;
}

async function memoryOf(target: Target): Promise<{ heldBytes: number; seenBytes: number }> {
  const held: number[] = [];
  const seen: number[] = [];
  for (let look = 0; look < memoryLooks; look++) {
    seen.push((await isolateBytes(target.pop, { collect: false })) + (await memory(target)).heap);
    held.push((await isolateBytes(target.pop, { collect: true })) + (await memory(target)).heap);
  }
  return { heldBytes: largest(held), seenBytes: largest(seen) };
}

/** Waits until nothing is held for requests. @returns what is wrong if that never comes, or null */
async function settled(target: Target): Promise<string | null> {
  const untilMs = performance.now() + longestSettleMs;
  for (;;) {
    const { bodies, decoded, answers, shadows, control } = await memory(target);
    const bytes = bodies + decoded + answers + shadows + control;
    if (bytes === 0) return null;
    if (performance.now() > untilMs) return `the ledger still counts ${bytes} bytes for requests that have ended`;
    await delay(50);
  }
}

async function memory({ pop: { url, token } }: Target): Promise<NonNullable<Statistics['popserve_memory']>> {
  const headers = { authorization: `Bearer ${token}`, connection: 'close' };
  const answer = await fetch(new URL('/v2/models/stats', url), { headers });
  if (!answer.ok) throw new Error(`the statistics answered ${answer.status}`);
  const { popserve_memory: told } = (await answer.json()) as Statistics;
  if (told === undefined) throw new Error('the statistics do not tell the memory');
  return told;
}
