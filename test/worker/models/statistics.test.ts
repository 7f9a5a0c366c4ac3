// The statistics extension: what this isolate served, and what all PoPs reported, each saying which it is.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ TELEMETRY_FLUSH_SECONDS: '0' });
  await pop.release(adder('adder', '1', 10));
  await pop.release(adder('adder', '2', 20), false);
});
afterAll(() => pop.stop());

interface Statistics {
  popserve_scope: string;
  popserve_note: string;
  model_stats: {
    name: string;
    version: string;
    last_inference: number;
    inference_count: number;
    execution_count: number;
    inference_stats: Record<string, { count: number; ns: number }>;
    memory_usage: { type: string; byte_size: number }[];
  }[];
}

async function statistics(path: string): Promise<Statistics> {
  return (await pop.send('GET', path)).json<Statistics>();
}

function ask(version: string, rows: number) {
  const data = Array.from({ length: rows * 2 }, () => 1);
  const body = { inputs: [{ name: 'x', datatype: 'FP32', shape: [rows, 2], data }] };
  return pop.send('POST', `/v2/models/adder/versions/${version}/infer`, body);
}

test('counts batch items, executions and failures, per version', async () => {
  await ask('1', 3);
  await ask('1', 2);
  await ask('1', 2);
  await ask('2', 1);
  await pop.send('POST', '/v2/models/adder/versions/1/infer', { inputs: [] });
  const all = await statistics('/v2/models/stats');
  expect(all.popserve_scope).toBe('isolate');
  expect(all.model_stats.map(({ version }) => version).toSorted()).toEqual(['1', '2']);
  const one = await statistics('/v2/models/adder/versions/stable/stats');
  expect(one.model_stats).toHaveLength(1);
  const [first] = one.model_stats;
  expect(first).toMatchObject({
    name: 'adder',
    version: '1',
    inference_count: 7,
    execution_count: 3,
    inference_stats: {
      success: { count: 3 },
      fail: { count: 1 },
      compute_infer: { count: 3 },
      cache_hit: { count: 0 },
    },
    batch_stats: [
      { batch_size: 3, compute_infer: { count: 1 } },
      { batch_size: 2, compute_infer: { count: 2 } },
    ],
    memory_usage: [{ type: 'CPU' }],
    popserve_profile: 'lean',
    popserve_cold_start: {
      from: expect.stringMatching(/cache|registry/),
      local_only: expect.arrayContaining(['create_ms']),
    },
  });
  expect(first?.last_inference).toBeGreaterThan(Date.now() - 600_000);
  expect(first?.memory_usage[0]?.byte_size).toBeGreaterThan(0);
  expect((await statistics('/v2/models/adder/stats')).model_stats).toHaveLength(2);
});

test('merged over PoPs when asked for', async () => {
  await expect
    .poll(
      async () => {
        // A request carries the report of those before it.
        await ask('1', 1);
        const { popserve_scope, model_stats } = await statistics('/v2/models/adder/stats?scope=all');
        expect(popserve_scope).toBe('all');
        return model_stats.find(({ version }) => version === '2')?.inference_count;
      },
      { timeout: 20_000 },
    )
    .toBe(1);
  const versions = (await statistics('/v2/models/stats?scope=all')).model_stats.map(({ version }) => version);
  expect(versions.toSorted()).toEqual(['1', '2']);
  const one = await statistics('/v2/models/adder/versions/2/stats?scope=all');
  expect(one.model_stats.map(({ version }) => version)).toEqual(['2']);
});

test('an unknown model or scope is refused', async () => {
  expect((await pop.send('GET', '/v2/models/nobody/stats')).status).toBe(404);
  expect((await pop.send('GET', '/v2/models/stats?scope=world')).status).toBe(400);
});

test('a version that is loaded and unused has an entry of zeros, and so has one that is asked for', async () => {
  await pop.release(adder('idle', '1', 10));
  await pop.release(adder('idle', '2', 10), false);
  await pop.send('GET', '/v2/models/idle/ready');
  const zeros = {
    ...{ name: 'idle', last_inference: 0, inference_count: 0, execution_count: 0, response_stats: {}, batch_stats: [] },
    inference_stats: { success: { count: 0, ns: 0 }, fail: { count: 0, ns: 0 } },
  };
  const loaded = [{ ...zeros, version: '1', memory_usage: [{ type: 'CPU' }] }];
  expect((await statistics('/v2/models/idle/stats')).model_stats).toMatchObject(loaded);
  expect((await statistics('/v2/models/idle/versions/1/stats')).model_stats).toMatchObject(loaded);
  const all = (await statistics('/v2/models/stats')).model_stats;
  expect(all.filter(({ name }) => name === 'idle')).toMatchObject(loaded);
  const unloaded = [{ ...zeros, version: '2', memory_usage: [] }];
  expect((await statistics('/v2/models/idle/versions/2/stats')).model_stats).toMatchObject(unloaded);
  expect((await statistics('/v2/models/idle/versions/2/stats?scope=all')).model_stats).toMatchObject(unloaded);
  await pop.operate('POST', '/v2/repository/models/idle/unload');
  expect((await statistics('/v2/models/idle/stats')).model_stats).toEqual([]);
});
