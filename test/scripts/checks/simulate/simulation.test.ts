// A short run of the simulator, and the proof that it finds what it is for: the same over Workers whose answers are broken.
import { describe, expect, it } from 'vitest';
import { measureConvergence } from '../../../../scripts/checks/simulate/figures.ts';
import { faultsOf } from '../../../../scripts/checks/simulate/report.ts';
import { type SimulationOptions, simulate } from '../../../../scripts/checks/simulate/simulation.ts';

const short: SimulationOptions = {
  seed: 20_261_124,
  pops: 3,
  releases: 14,
  durationMs: 5_000,
  timeScale: 25,
  clients: 4,
  restarts: 1,
  withFaults: true,
  versions: 4,
  ballastBytes: 16_384,
  note: () => undefined,
};

/** Every third answer of the isolate has one thing wrong. */
const brokenAnswer = `let count = 0;
let oldest = null;
export default async (response) => {
  if (!response.headers.has('popserve-epoch')) return response;
  count++;
  oldest ??= response.headers.get('popserve-epoch');
  if (count % 3 !== 0) return response;
  const headers = new Headers(response.headers);
  if (count % 2 === 0) headers.set('popserve-digest', 'sha256:' + '0'.repeat(64));
  else headers.set('popserve-epoch', oldest);
  return new Response(response.body, { status: 200, headers });
};`;

describe('a run', { timeout: 180_000 }, () => {
  it('with releases, restarts and every fault breaks no invariant', async () => {
    // Each run draws its own faults; the seed repeats them.
    const seed = Math.floor(Math.random() * 2 ** 31);
    process.stdout.write(`\nsimulation with seed ${seed}\n`);
    const report = await simulate({ ...short, seed });
    expect(report.details).toEqual([]);
    expect(faultsOf(report)).toEqual([]);
    expect(report.checked).toBeGreaterThan(20);
    expect(report.newestEpoch).toBeGreaterThan(2);
    expect(report.eachMs.length).toBeGreaterThan(0);
    expect(report.network.disturbed).toBeGreaterThan(0);
    expect(report.status?.pops.length).toBeGreaterThan(0);
    expect(report.status?.release?.reachedPops).toBeGreaterThan(0);
  });

  it('without faults sees a release at each PoP within KV delay and refresh interval, at once with a minimum epoch', async () => {
    const { lines, met } = await measureConvergence({ seed: 1, pops: 2, releases: 2, timeScale: 5 });
    expect(met, lines.join('\n')).toBe(true);
  });

  it('over a Worker that gives a wrong digest, or an epoch of the past, finds it', async () => {
    const tiny = { ...short, pops: 1, releases: 10, durationMs: 2_500, restarts: 0, withFaults: false };
    const report = await simulate({ ...tiny, answerFault: brokenAnswer });
    expect(report.breaches.mixed).toBeGreaterThan(0);
    expect(faultsOf(report)).not.toEqual([]);
  });
});
