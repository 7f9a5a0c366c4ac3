// Two figures of a release without faults: how soon every PoP serves it, and what the switchover costs the requests around it.
import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from '../summarise.ts';
import { delays, model, openStage, type Stage, type StageOptions } from './stage.ts';
import { Traffic } from './traffic.ts';

export interface FigureOptions {
  readonly seed: number;
  readonly pops: number;
  readonly releases: number;
  readonly timeScale: number;
}

export interface Figure {
  readonly lines: readonly string[];
  readonly met: boolean;
}

/** @returns milliseconds from a release to each PoP's first answer from it, by the copies in KV and with popserve-min-epoch */
export async function measureConvergence(options: FigureOptions): Promise<Figure> {
  const boundMs = (delays.kvTo + delays.refresh) / options.timeScale;
  return await onStage(
    { ...options, ballastBytes: 65_536 },
    async ({ operators: [operator] }, traffic, pops, written) => {
      const byCopyMs: number[] = [];
      const atOnce: { ms: number; first: boolean }[] = [];
      for (let count = 0; count < options.releases; count++) {
        const byCopy = count % 2 === 0;
        const epoch = (await operator?.begin(String(count + 2))) ?? 0;
        const sinceMs = written.get(epoch) ?? Date.now();
        await Promise.all(
          pops.map(async (pop) => {
            for (let tries = 1; ; tries++) {
              const verdict = await traffic.probe(pop, 'device', byCopy ? null : epoch);
              if ((verdict.epoch ?? 0) < epoch) {
                await delay(5);
                continue;
              }
              const ms = Date.now() - sinceMs;
              if (byCopy) byCopyMs.push(ms);
              else atOnce.push({ ms, first: tries === 1 });
              return;
            }
          }),
        );
      }
      const met = byCopyMs.every((ms) => ms <= boundMs);
      const firsts = atOnce.filter(({ first }) => first).length;
      return {
        lines: [
          `${options.pops} PoPs, ${options.releases} releases without faults, time scale ${options.timeScale}`,
          `through KV: a PoP serves a release after ${spread(byCopyMs)} ms (${byCopyMs.length}); reach: at most KV delay + refresh interval = ${boundMs} ms: ${verdictOf(met)}`,
          `with popserve-min-epoch: the first answer came from it in ${firsts} of ${atOnce.length}, ${spread(atOnce.map(({ ms }) => ms))} ms after the release; reach: all at once: ${verdictOf(firsts === atOnce.length)}`,
        ],
        met: met && firsts === atOnce.length,
      };
    },
  );
}

const windowMs = 2_000;
const intervalMs = 10;
const mostRatio = 1.5;
const switchedBytes = 5 * 1024 * 1024;

/**
 * The p99 of the requests in the 2 s from the moment that a route is written, within which all PoPs load the version of 5 MiB and
 * switch, over the p99 of the 2 s before; and as a control the same of two quiet spans.
 */
export async function measureSwitchover(options: FigureOptions): Promise<Figure> {
  // The release comes through the first PoP: one of the operators' own would load the model too, on the thread that all share.
  const stage = { ...options, ballastBytes: switchedBytes, operatorPops: ['pop-01'] };
  return await onStage(stage, async ({ operators: [operator], oracle }, traffic, pops) => {
    let running = true;
    const clients = pops.map(async (pop) => {
      const underWay = new Set<Promise<unknown>>();
      // Whether or not those before were answered: a client that waits sends nothing just when all would have to wait.
      for (let dueMs = performance.now(); running; dueMs += intervalMs) {
        await delay(Math.max(0, dueMs - performance.now()));
        const answered = traffic.probe(pop, 'device').finally(() => underWay.delete(answered));
        underWay.add(answered);
      }
      await Promise.all(underWay);
    });
    const p99 = (fromMs: number) => {
      const own = traffic.samples.filter(({ sentMs }) => sentMs >= fromMs && sentMs < fromMs + windowMs);
      return quantile(
        own.map(({ tookMs }) => tookMs),
        0.99,
      );
    };
    const beforeMs: number[] = [];
    const aroundMs: number[] = [];
    const quiet: number[] = [];
    let late = 0;
    await delay(windowMs);
    for (let count = 0; count < options.releases; count++) {
      const fromMs = Date.now();
      await delay(2 * windowMs);
      const releasedMs = Date.now();
      const epoch = (await operator?.route({ action: 'activate', version: String(count + 2) })) ?? 0;
      await delay(Math.max(0, releasedMs + windowMs - Date.now()));
      late += oracle
        .isolates()
        .filter(([name, served]) => pops.some((pop) => name.startsWith(`${pop}.`)) && served < epoch).length;
      const before = p99(releasedMs - windowMs);
      beforeMs.push(before);
      aroundMs.push(p99(releasedMs));
      quiet.push(before / p99(fromMs));
    }
    running = false;
    await Promise.all(clients);
    const ratios = aroundMs.map((ms, index) => ms / (beforeMs[index] ?? Number.NaN));
    const middle = quantile(ratios, 0.5);
    return {
      lines: [
        `${options.pops} PoPs, ${options.releases} switchovers of 5 MiB, ${traffic.samples.length} requests, ${late} PoPs switched later than ${windowMs / 1000} s`,
        `p99 before, ms: ${spread(beforeMs, 1)}; around: ${spread(aroundMs, 1)}`,
        `p99 around a switchover / p99 before: ${spread(ratios, 2)}; reach: at most ${mostRatio}: ${verdictOf(middle <= mostRatio)} (by the median)`,
        `control, two quiet spans: ${spread(quiet, 2)}`,
      ],
      met: middle <= mostRatio && late === 0,
    };
  });
}

async function onStage(
  options: FigureOptions & Pick<StageOptions, 'ballastBytes' | 'operatorPops'>,
  measure: (stage: Stage, traffic: Traffic, pops: readonly string[], written: Map<number, number>) => Promise<Figure>,
): Promise<Figure> {
  const pops = Array.from({ length: options.pops }, (_, index) => `pop-${String(index + 1).padStart(2, '0')}`);
  const written = new Map<number, number>();
  const stage = await openStage({
    ...options,
    // A version of its own for each release: one that was loaded before would cost nothing.
    ...{ pops, versions: options.releases + 1, deaths: 0 },
    isolates: pops.map((pop) => ({ pop, generation: 0 })),
    faults: { active: () => new Set() },
    onRoute: ({ epoch }) => written.set(epoch, Date.now()),
  });
  try {
    for (const release of stage.releases) await stage.operators[0]?.upload(release);
    await stage.operators[0]?.begin('1');
    const traffic = new Traffic({
      ...{ model, pops, seed: options.seed, devices: 1, oracle: stage.oracle },
      isolateOf: (pop) => {
        const isolate = stage.fleet.isolates.find((each) => each.pop === pop);
        if (!isolate) throw new Error(`no isolate for ${pop}`);
        return isolate;
      },
      faultsBetween: () => new Set(),
    });
    for (const pop of pops) await traffic.probe(pop, 'device');
    const figure = await measure(stage, traffic, pops, written);
    const broken = [...traffic.breaches].map(([breach, count]) => `${count} times ${breach}`);
    if (broken.length === 0) return figure;
    return { lines: [...figure.lines, `BROKEN: ${broken.join(', ')}`, ...traffic.details], met: false };
  } finally {
    await stage.close();
  }
}

function spread(values: readonly number[], digits = 0): string {
  const at = (share: number) => quantile(values, share).toFixed(digits);
  return `median ${at(0.5)}, ${at(0)} to ${at(1)}`;
}

function verdictOf(met: boolean): string {
  return met ? 'met' : 'MISSED';
}
