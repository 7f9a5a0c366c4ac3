// The time of a warm request beyond a route that does nothing and the run itself, for contestants that take turns.
import { quantile, type Summary, summarise } from '../summarise.ts';
import type { Contestant } from './contestants.ts';
import { interleave } from './interleave.ts';
import { measureLatencies } from './load.ts';
import { spread } from './report.ts';
import { measure } from './requests.ts';
import type { Series, Table } from './section.ts';
import type { RunReport } from './workers/bench-protocol.ts';

/** The contestant that is nothing but the serving Worker's way in and out. */
export const noop = 'popserve, no-op';

interface AddedLatency {
  readonly run: Summary;
  /** Added time of a contestant, beyond the no-op route and the run. */
  added(name: string): Summary;
  readonly table: Table;
  readonly series: Series;
}

interface Rounds {
  readonly rounds: number;
  /** Requests of each contestant in a round. */
  readonly perRound: number;
  /** Runs of the bare Worker in one request, to know what a run takes. */
  readonly runs: number;
}

/**
 * @param bare the Worker that measures runs alone
 * @param frame the inputs of a run, as it takes them
 */
export async function measureAdded(
  contestants: Readonly<Record<string, Contestant>>,
  bare: { readonly port: number },
  frame: Uint8Array,
  { rounds, perRound, runs }: Rounds,
): Promise<AddedLatency> {
  const measureRun = async () => {
    const report = await measure<RunReport>(bare.port, '/measure/run', { repeat: String(runs) }, frame);
    return report.totalMs / report.runs;
  };
  await measureRun();
  const runMs: number[] = [];
  const medians: Record<string, number[]> = await interleave(contestants, rounds, async ({ server, request }, name) => {
    if (name === noop) runMs.push(await measureRun());
    return quantile(await measureLatencies(server.port, request, perRound), 0.5);
  });
  const run = summarise(runMs);
  const added = (name: string) =>
    summarise((medians[name] ?? []).map((median, round) => median - (medians[noop]?.[round] ?? 0) - run.median));
  const rows = Object.entries(medians).map(([name, values]) => [
    name,
    spread(summarise(values)),
    name.startsWith('popserve, ') && name !== noop ? spread(added(name)) : '',
  ]);
  return {
    run,
    added,
    table: { columns: ['request', 'p50 ms', 'added ms'], rows },
    series: { name: 'p50 ms', reference: 'bare, elements', values: medians },
  };
}
