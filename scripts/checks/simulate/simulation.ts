// One run: a fleet of PoPs behind the simulated network, operators that release, devices that ask, an oracle that judges.
import { setTimeout as delay } from 'node:timers/promises';
import type { ModelStatus } from '../../../registry/api/status.ts';
import { Random } from '../../random.ts';
import { Convergence } from './convergence.ts';
import { exchange } from './http-client.ts';
import { Faults } from './network/faults.ts';
import type { NetworkCounts } from './network/network.ts';
import type { OperatorCounts } from './operator.ts';
import type { Oracle } from './oracle.ts';
import { isolateAt, makePlan } from './plan.ts';
import { delays, model, openStage } from './stage.ts';
import { Traffic } from './traffic.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly pops: number;
  /** Route changes that the operators try. */
  readonly releases: number;
  readonly durationMs: number;
  /** Real seconds times this are simulated seconds: delays and the refresh interval shrink by it. */
  readonly timeScale: number;
  readonly clients: number;
  readonly restarts: number;
  readonly withFaults: boolean;
  readonly versions: number;
  readonly ballastBytes: number;
  /** See {@link Fleet}: a Worker with a fault. */
  readonly answerFault?: string;
  readonly note: (message: string) => void;
}

export interface SimulationReport {
  readonly options: Omit<SimulationOptions, 'note' | 'answerFault'>;
  readonly checked: number;
  readonly answered: number;
  readonly excused: number;
  readonly breaches: Readonly<Record<string, number>>;
  readonly details: readonly string[];
  readonly newestEpoch: number;
  /** Rollouts that the guard has ended. */
  readonly guardRoutes: number;
  /** The PoPs' reports of themselves at the end. */
  readonly status: Pick<ModelStatus, 'release' | 'pops'> | null;
  readonly operators: readonly OperatorCounts[];
  readonly network: NetworkCounts;
  readonly restarts: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly latencyMs: readonly number[];
  readonly completeMs: readonly number[];
  readonly eachMs: readonly number[];
  /** PoPs that do not serve the newest epoch at the end, after all faults are over. */
  readonly behind: readonly string[];
  readonly seconds: number;
  /** The longest that a write of KV takes plus the refresh interval. */
  readonly boundMs: number;
}

const devices = 2_000;

export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const { seed, timeScale, durationMs, note } = options;
  const scaled = (ms: number) => ms / timeScale;
  const plan = makePlan({ ...options, faultMs: scaled(delays.fault) });
  const convergence = new Convergence(plan.pops);
  let guardRoutes = 0;
  // Until the fleet is up nothing is wrong.
  let faults = new Faults([], 0);
  note(`starting ${plan.isolates.length} isolates of ${plan.pops.length} PoPs`);
  const stage = await openStage({
    ...options,
    pops: plan.pops,
    isolates: plan.isolates,
    deaths: options.withFaults ? 0.15 : 0,
    faults: { active: (pop: string, nowMs: number) => faults.active(pop, nowMs) },
    onRoute: (route) => {
      if (route.audit?.actor === 'guard') guardRoutes++;
      convergence.written(route.epoch, Date.now());
    },
  });
  const { fleet, network, oracle, operators } = stage;
  try {
    await operators[0]?.begin('1');
    const startMs = Date.now();
    const started = performance.now();
    faults = new Faults(plan.faults, startMs);
    const traffic = new Traffic({
      model,
      pops: plan.pops,
      seed: seed + 20,
      devices,
      oracle,
      isolateOf: (pop) => isolateAt(plan, fleet.isolates, pop, Date.now() - startMs),
      faultsBetween: (pop, fromMs, untilMs) => faults.between(pop, fromMs, untilMs),
      onBreach: note,
      onVerdict: (pop, { epoch, breach }) => {
        if (epoch !== null && breach === null) convergence.answered(pop, epoch, Date.now());
      },
    });
    const clients = Array.from({ length: options.clients }, (_, index) => traffic.client(index));
    const clocks = runClocks(plan.faults, startMs, (pop) => fleet.isolates.filter((isolate) => isolate.pop === pop));
    const progress = setInterval(
      () =>
        note(
          `${Math.round((Date.now() - startMs) / 1000)} s: ${traffic.checked} checked, epoch ${oracle.newestEpoch}, ${sum(traffic.breaches)} breaches`,
        ),
      10_000,
    );
    const perOperator = Math.ceil(options.releases / operators.length);
    // The last eighth of the run is left to recover in.
    const pauseMs = (durationMs * 0.87) / perOperator;
    await Promise.all(
      operators.map(async (operator, index) => {
        const times = new Random(seed + 30 + index);
        for (let count = 0; count < perOperator; count++) {
          const due = startMs + (count + times.uniform()) * pauseMs;
          await delay(Math.max(0, due - Date.now()));
          await operator.act();
        }
      }),
    );
    // An operator that died may leave KV behind; the scheduled repair mends that, and here the next release does.
    await operators[0]?.route({
      action: 'activate',
      version: oracle.route(oracle.newestEpoch)?.aliases.stable ?? '1',
    });
    await delay(Math.max(0, startMs + durationMs - Date.now()));
    const behind = await waitForAll(plan.pops, oracle, traffic, scaled(delays.kvTo + delays.refresh) + 20_000);
    const status = (await operators[0]?.status()) ?? null;
    traffic.stop();
    clearInterval(progress);
    await Promise.all(clients);
    await clocks;
    return {
      options: pickOptions(options),
      checked: traffic.checked,
      answered: traffic.answered,
      excused: traffic.excused,
      breaches: Object.fromEntries(traffic.breaches),
      details: traffic.details,
      newestEpoch: oracle.newestEpoch,
      guardRoutes,
      status,
      operators: operators.map(({ counts }) => counts),
      network: network.counts,
      restarts: plan.takesOverMs.size,
      faults: countBy(plan.faults.map(({ kind }) => kind)),
      latencyMs: traffic.samples.map(({ tookMs }) => tookMs),
      completeMs: convergence.completeMs,
      eachMs: convergence.eachMs,
      behind,
      seconds: (performance.now() - started) / 1000,
      boundMs: scaled(delays.kvTo + delays.refresh),
    };
  } finally {
    await stage.close();
  }
}

/** Waits, with requests only, until every PoP serves the newest epoch. @returns those that do not within the time */
async function waitForAll(
  pops: readonly string[],
  oracle: Oracle,
  traffic: Traffic,
  mostMs: number,
): Promise<string[]> {
  const untilMs = Date.now() + mostMs;
  let behind = [...pops];
  while (behind.length > 0 && Date.now() < untilMs) {
    const verdicts = await Promise.all(
      behind.map(async (pop) => ({ pop, epoch: (await traffic.probe(pop, 'last')).epoch })),
    );
    behind = verdicts.filter(({ epoch }) => epoch === null || epoch < oracle.newestEpoch).map(({ pop }) => pop);
    if (behind.length > 0) await delay(100);
  }
  return behind;
}

async function runClocks(
  windows: readonly { pop: string; kind: string; fromMs: number; untilMs: number }[],
  startMs: number,
  isolatesOf: (pop: string) => readonly { port: number }[],
): Promise<void> {
  const order = async (pop: string, atMs: number, what: 'stop' | 'run') => {
    await delay(Math.max(0, startMs + atMs - Date.now()));
    for (const { port } of isolatesOf(pop)) await exchange(port, 'POST', '/', { 'simulated-clock': what });
  };
  await Promise.all(
    windows
      .filter(({ kind }) => kind === 'clock-stopped')
      .map(async ({ pop, fromMs, untilMs }) => {
        await order(pop, fromMs, 'stop');
        await order(pop, untilMs, 'run');
      }),
  );
}

function pickOptions({ note: _note, answerFault: _fault, ...options }: SimulationOptions): SimulationReport['options'] {
  return options;
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function sum(counts: ReadonlyMap<unknown, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
