// The stage of a run: a fleet of PoPs behind the simulated network, two operators, and an oracle that reads the route log.
import { randomBytes } from 'node:crypto';
import { Random } from '../../random.ts';
import { Fleet, type IsolateSpec, telemetryPop } from './fleet.ts';
import { closeConnections } from './http-client.ts';
import type { Faults } from './network/faults.ts';
import { Network } from './network/network.ts';
import { ObjectStore } from './network/object-store.ts';
import { ReplicatedKv } from './network/replicated-kv.ts';
import { Operator } from './operator.ts';
import { type LoggedRoute, Oracle } from './oracle.ts';
import { operatorPops as ownPops } from './plan.ts';
import { makeBrokenRelease, makeRelease, type Release } from './releases.ts';

/** Delays of the network, in unscaled milliseconds. */
export const delays = {
  ...{ kvFrom: 500, kvTo: 10_000, absence: 10_000, stale: 30_000, refresh: 5_000, fault: 20_000 },
  /** Between two writes to a key. */
  write: 1_000,
  trial: 30_000,
  // Longer than the stalest route lives on in a PoP.
  ...{ flush: 5_000, retention: 120_000 },
};
export const model = 'pump';

export interface StageOptions {
  readonly seed: number;
  /** Real seconds times this are simulated seconds: delays and the refresh interval shrink by it. */
  readonly timeScale: number;
  readonly pops: readonly string[];
  readonly isolates: readonly IsolateSpec[];
  readonly versions: number;
  readonly ballastBytes: number;
  /** PoPs that operators call; by default they have some of their own, which devices do not reach. */
  readonly operatorPops?: readonly string[];
  /** Share of releases in the middle of which an operator dies. */
  readonly deaths: number;
  readonly faults: Pick<Faults, 'active'>;
  readonly answerFault?: string;
  /** Called when a route stands in the log. */
  readonly onRoute?: (route: LoggedRoute) => void;
}

export interface Stage {
  readonly fleet: Fleet;
  readonly network: Network;
  readonly oracle: Oracle;
  readonly operators: readonly Operator[];
  readonly releases: readonly Release[];
  close(): Promise<void>;
}

export async function openStage(options: StageOptions): Promise<Stage> {
  const { seed, timeScale, pops, faults, operatorPops = ownPops } = options;
  const further = operatorPops.filter((pop) => !pops.includes(pop));
  const scaled = (ms: number) => ms / timeScale;
  const releases: Release[] = [];
  for (let number = 1; number <= options.versions; number++) {
    releases.push(await makeRelease(model, number, options.ballastBytes));
  }
  const oracle = new Oracle(releases);
  const bucket = new ObjectStore(scaled(delays.write));
  bucket.watch(({ key, bytes }) => {
    if (!key.startsWith(`models/${model}/routes/`)) return;
    const route = JSON.parse(bytes.toString()) as LoggedRoute;
    oracle.learn(route);
    options.onRoute?.(route);
  });
  const kvRandom = new Random(seed + 1);
  const kvDelay = () => scaled(delays.kvFrom + kvRandom.uniform() * (delays.kvTo - delays.kvFrom));
  const absenceMs = scaled(delays.absence);
  const kv = new ReplicatedKv([...pops, ...further, telemetryPop], {
    delayMs: kvDelay,
    absenceMs,
    writeIntervalMs: scaled(delays.write),
  });
  const token = randomBytes(16).toString('hex');
  const network = new Network({ bucket, kv, faults, random: new Random(seed + 2), staleMs: scaled(delays.stale) });
  const networkPort = await network.listen();
  const seconds = (ms: number) => String(scaled(ms) / 1000);
  const fleet = await Fleet.start({
    isolates: [...options.isolates, ...further.map((pop) => ({ pop, generation: 0 }))],
    networkPort,
    settings: {
      ADMIN_TOKEN: token,
      INFERENCE_ACCESS: 'open',
      MEMORY_BUDGET_MIB: '64',
      ROUTE_REFRESH_SECONDS: seconds(delays.refresh),
      TELEMETRY_FLUSH_SECONDS: seconds(delays.flush),
      ROUTE_RETENTION_SECONDS: seconds(delays.retention),
      // The least that the setting takes is a second. An operator that dies may leave a trial behind.
      TRIAL_SECONDS: String(Math.max(1, scaled(delays.trial) / 1000)),
      GC_GRACE_SECONDS: seconds(delays.retention),
    },
    answerFault: options.answerFault,
  }).catch((error: unknown) => {
    network.close();
    throw error;
  });
  const operators = operatorPops.map(
    (name, index) =>
      new Operator({
        ...{ name, model, token, releases },
        port: fleet.isolates.find(({ pop }) => pop === name)?.port ?? 0,
        random: new Random(seed + 10 + index),
        broken: makeBrokenRelease(model, options.versions + 1),
        newest: () => oracle.route(oracle.newestEpoch),
        allowWrites: (count) => network.allowWrites(name, count),
        deaths: options.deaths,
        repeatMs: (seconds) => scaled(seconds * 1000),
      }),
  );
  const close = async () => {
    closeConnections();
    await fleet.stop();
    network.close();
  };
  return { fleet, network, oracle, operators, releases, close };
}
