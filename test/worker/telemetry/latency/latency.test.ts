// What callers say of their last calls, through the real Worker: counted per version, side and PoP, and decided by.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RecentLatency } from '../../../../registry/api/latency.ts';
import type { Statistics } from '../../../../registry/api/statistics.ts';
import type { Route } from '../../../../registry/route.ts';
import { addCall, slots } from '../../../../worker/telemetry/latency/bins.ts';
import type { SideDelta } from '../../../../worker/telemetry/side-counts.ts';
import { eventually } from '../../../harness/eventually.ts';
import { TestPop } from '../../../harness/pop.ts';
import { adder } from '../../../harness/small-models.ts';
import { reportOf, sendReport, statusOf } from '../telemetry-object.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ TELEMETRY_FLUSH_SECONDS: '0', ROUTE_REFRESH_SECONDS: '0' });
});
afterAll(() => pop.stop());

const question = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };

function tell(model: string, header: string, path = 'infer') {
  return pop.send('POST', `/v2/models/${model}/${path}`, question, { 'popserve-last-call': header });
}

/** Asks without a header until all that was told has come. */
async function recentOf(model: string, calls: number): Promise<RecentLatency[]> {
  return eventually(async () => {
    await pop.send('POST', `/v2/models/${model}/infer`, question);
    const recent = (await statusOf(pop, model)).latency?.recent ?? [];
    const global = recent.filter(({ place }) => place === 'global');
    expect(global.reduce((sum, own) => sum + own.calls, 0)).toBe(calls);
    return recent;
  });
}

test('a call is counted for its version, side and PoP; statistics and metrics tell of it by its source', async () => {
  await pop.release(adder('told', '1', 1));
  for (let call = 0; call < 20; call++) await tell('told', 'ms=40, status=200, bytes=100, version="1", pop="local"');
  await tell('told', 'ms=5000, status=timeout');
  await tell('told', 'ms=2, status=503');
  await tell('told', 'ms=80, status=200, version="1", pop="local"', 'versions/1/infer');
  const recent = await recentOf('told', 23);
  const stable = { version: '1', side: 'stable', calls: 22, outcomes: { ok: 20, refused: 0, failed: 1, timeout: 1 } };
  expect(recent).toMatchObject([
    { ...{ version: '1', side: 'named', place: 'global', calls: 1 } },
    { ...stable, place: 'global' },
    { ...{ version: '1', side: 'named', place: 'pop:local', calls: 1 } },
    { ...stable, place: 'pop:local' },
  ]);
  expect(Math.abs((recent[1]?.p50Ms ?? 0) / 40 - 1)).toBeLessThan(0.19);
  expect(recent[1]?.p99Ms).toBeGreaterThan(4000);
  const { model_stats } = (await pop.send('GET', '/v2/models/told/stats?scope=all')).json<Statistics>();
  expect(model_stats[0]?.popserve_latency).toMatchObject([
    { source: 'callers', side: 'named', calls: 1 },
    { source: 'callers', side: 'stable', calls: 22, p50_ms: recent[1]?.p50Ms },
  ]);
  const metrics = new TextDecoder().decode((await pop.operate('GET', '/metrics')).bytes);
  const labels = 'model="told",version="1",side="stable",source="callers"';
  expect(metrics).toContain('# TYPE popserve_call_duration_seconds histogram\n');
  expect(metrics).toContain(`popserve_call_duration_seconds_bucket{${labels},le="0.032"} 0\n`);
  expect(metrics).toContain(`popserve_call_duration_seconds_bucket{${labels},le="0.064"} 20\n`);
  expect(metrics).toContain(`popserve_call_duration_seconds_bucket{${labels},le="+Inf"} 21\n`);
  expect(metrics).toContain(`popserve_call_duration_seconds_count{${labels}} 21\n`);
  expect(metrics).toContain(`popserve_call_outcomes_total{${labels},outcome="timeout"} 1\n`);
});

test('a request is answered whatever its header says, and nothing is counted that is not a call of this PoP', async () => {
  await pop.release(adder('odd', '1', 1));
  for (const header of [
    'nonsense',
    'ms=1, status=200, version="1", pop="FRA"',
    'ms=1, status=200, version="no such", pop="local"',
    `ms=1, status=200, x="${'y'.repeat(2000)}"`,
  ]) {
    expect((await tell('odd', header)).status).toBe(200);
  }
  const operators = { 'popserve-last-call': 'ms=1, status=200', authorization: `Bearer ${pop.pop.token}` };
  expect((await pop.send('POST', '/v2/models/odd/infer', question, operators)).status).toBe(200);
  await tell('odd', 'ms=1, status=200');
  expect(await recentOf('odd', 1)).toHaveLength(2);
});

describe('the limit on the 95th percentile', () => {
  const limits = { p95Ms: 100, minRequests: 50 };

  function told(version: string, side: 'stable' | 'canary', bucket: number, calls: number, ms: number, epoch: number) {
    const counts = new Float64Array(slots);
    for (let call = 0; call < calls; call++) addCall(counts, { ms, bytes: null, outcome: 'ok' });
    return { version, epoch, side, bucket, counts } satisfies SideDelta;
  }

  async function rollOut(model: string): Promise<number> {
    await pop.release(adder(model, '1', 1));
    await pop.release(adder(model, '2', 2), false);
    return pop.route(model, { action: 'canary', version: '2', percent: 5, limits });
  }

  const send = (model: string, isolate: string, epoch: number, latency: SideDelta[]) => {
    const report = reportOf({ isolate, sequence: 1, pop: 'FRA', epoch });
    return sendReport(pop, model, { ...report, parts: { latency } });
  };
  const newest = async (model: string) =>
    (await pop.operate('GET', `/registry/models/${model}/routes`)).json<{ routes: Route[] }>().routes[0];
  const guardOf = async (model: string) =>
    (await pop.operate('GET', `/registry/models/${model}/status`)).json<{ guard: { passed: boolean }[] }>().guard;

  test('ends a canary whose callers wait longer than it, and longer than those of stable', async () => {
    const epoch = await rollOut('slow');
    await send(
      'slow',
      'a',
      epoch,
      [8, 9, 10].map((bucket) => told('1', 'stable', bucket, 100, 40, epoch)),
    );
    await send(
      'slow',
      'b',
      epoch,
      [8, 9, 10].map((bucket) => told('2', 'canary', bucket, 100, 400, epoch)),
    );
    const route = await eventually(async () => {
      const found = await newest('slow');
      expect(found?.audit.actor).toBe('guard');
      return found;
    });
    expect(route?.rollout).toBeNull();
    expect(route?.audit.reason).toMatch(
      /^callers of 2 wait 4\d\d ms or longer in 5 % of 300 calls \(1: 4\d(\.\d)? ms in 300 calls\), limit 100$/,
    );
  });

  test('leaves a canary that is as slow as stable, one of too few calls, and one that a single caller calls slow', async () => {
    const epoch = await rollOut('spared');
    await send('spared', 'few', epoch, [told('2', 'canary', 8, 49, 400, epoch)]);
    expect(await guardOf('spared')).toMatchObject([{ name: 'p95Ms', samples: 49, passed: false }]);
    await send(
      'spared',
      'stable',
      epoch,
      [8, 9, 10].map((bucket) => told('1', 'stable', bucket, 100, 40, epoch)),
    );
    await send(
      'spared',
      'quick',
      epoch,
      [9, 10, 11].map((bucket) => told('2', 'canary', bucket, 100, 40, epoch)),
    );
    await send('spared', 'liar', epoch, [told('2', 'canary', 8, 100_000, 60_000, epoch)]);
    expect(await guardOf('spared')).toMatchObject([{ passed: false }]);
    await send(
      'spared',
      'slow',
      epoch,
      [9, 10, 11].map((bucket) => told('1', 'stable', bucket, 5000, 900, epoch)),
    );
    await send(
      'spared',
      'as slow',
      epoch,
      [9, 10, 11].map((bucket) => told('2', 'canary', bucket, 5000, 850, epoch)),
    );
    expect(await guardOf('spared')).toMatchObject([{ passed: false }]);
    expect((await newest('spared'))?.audit.action).toBe('canary');
  });

  test('does not look at calls that named the version, nor at those from before', async () => {
    const epoch = await rollOut('named');
    const named = { ...told('2', 'stable', 8, 1000, 400, epoch), side: 'named' as const };
    await send('named', 'a', epoch, [named, told('2', 'canary', 9, 1000, 400, epoch - 1)]);
    expect(await guardOf('named')).toEqual([]);
  });
});
