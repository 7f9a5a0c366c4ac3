// The findings of a run as lines for a terminal, and whether an invariant was broken.
import { quantile } from '../summarise.ts';
import type { SimulationReport } from './simulation.ts';

/** Sentences about what is broken; empty if all held. */
export function faultsOf(report: SimulationReport): string[] {
  return [
    ...Object.entries(report.breaches).map(([breach, count]) => `${count} times ${breach}`),
    ...report.operators.flatMap(({ wrong }) => wrong.map((answer) => `the control plane answered ${answer}`)),
    ...(report.behind.length === 0
      ? []
      : [`not at epoch ${report.newestEpoch} at the end: ${report.behind.join(', ')}`]),
  ];
}

export function reportLines(report: SimulationReport): string[] {
  const { options, operators, network, breaches } = report;
  const total = (pick: (counts: (typeof operators)[number]) => number) =>
    operators.reduce((sum, counts) => sum + pick(counts), 0);
  const actions: Record<string, number> = {};
  for (const counts of operators) {
    for (const [action, count] of Object.entries(counts.actions)) actions[action] = (actions[action] ?? 0) + count;
  }
  const faults = faultsOf(report);
  return [
    `seed ${options.seed}, ${options.pops} PoPs, ${report.restarts} restarts of isolates, ${report.seconds.toFixed(0)} s at time scale ${options.timeScale}`,
    `requests: ${report.checked} checked, ${report.answered} answered, ${report.excused} refused because of a fault that was injected`,
    `broken: ${['mixed', 'epoch-fell', 'below-min-epoch', 'side-changed', 'lost', 'refused-badly'].map((breach) => `${breach} ${breaches[breach] ?? 0}`).join(', ')}`,
    `releases: ${list(actions)}; ${report.newestEpoch} epochs, ${total(({ unchanged }) => unchanged)} without effect, ${total(({ conflicts }) => conflicts)} conflicts, ${total(({ failed }) => failed)} calls failed, ${total(({ deaths }) => deaths)} operators died on the way`,
    `faults: ${list(report.faults) || 'none'}; ${network.disturbed} storage calls disturbed`,
    `storage: ${network.kvReads} KV reads, ${network.kvWrites} KV writes, ${network.r2Calls} R2 calls; ${network.refusedWrites} writes refused because their key was written within the second, ${total(({ repeated }) => repeated)} calls repeated`,
    `latency of warm requests, ms: ${percentiles(report.latencyMs)}`,
    `a route reaches a PoP, ms: ${percentiles(report.eachMs)}`,
    `a route reaches all PoPs, ms: ${percentiles(report.completeMs)} (KV delay + refresh interval: ${Math.round(report.boundMs)})`,
    `telemetry: ${telemetry(report)}`,
    ...report.details.map((detail) => `  ${detail}`),
    faults.length === 0
      ? 'every invariant held'
      : `BROKEN: ${faults.join('; ')}; reproduce with --seed ${options.seed}`,
  ];
}

function telemetry({ status, guardRoutes }: SimulationReport): string {
  const release = status?.release;
  const guards = `${guardRoutes} rollouts ended by their guard`;
  if (!status || !release) return `none; ${guards}`;
  const reach = [release.reach50Ms, release.reach90Ms, release.reach100Ms].map((ms) =>
    ms === null ? '-' : `${ms} ms`,
  );
  return `${status.pops.length} PoPs have reported, epoch ${release.epoch} reached 50/90/100 % of ${release.pops} in ${reach.join(' / ')}; ${guards}`;
}

function percentiles(values: readonly number[]): string {
  if (values.length === 0) return 'none measured';
  const at = (share: number) => quantile(values, share).toFixed(1);
  return `p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, most ${at(1)} (${values.length})`;
}

function list(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
