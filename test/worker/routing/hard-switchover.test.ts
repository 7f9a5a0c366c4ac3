// Switchovers under adverse conditions, through the real Worker: memory for one version only, a canary that cannot be loaded.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { mebibyte } from '../../../registry/mebibytes.ts';
import { eventually } from '../../harness/eventually.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder, publication } from '../../harness/small-models.ts';

const request = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] });
let pop: TestPop;
beforeAll(async () => {
  const settings = { MEMORY_BUDGET_MIB: '48', ROUTE_REFRESH_SECONDS: '0', TELEMETRY_FLUSH_SECONDS: '0' };
  pop = await TestPop.start(settings);
});
afterAll(() => pop.stop());

async function ask(model: string, headers: Readonly<Record<string, string>> = {}) {
  const answer = await pop.send('POST', `/v2/models/${model}/infer`, request, headers);
  const body = answer.json<{ error?: string; outputs?: { data: number[] }[] }>();
  return { status: answer.status, error: body.error, sum: body.outputs?.[0]?.data[0], headers: answer.headers };
}

test('where old and new do not fit together requests wait, and none fails', async () => {
  // Without measurements a model counts as four times its size: 20 MiB each, of 48 less what the runtime takes.
  await pop.release(adder('tight', '1', 100, 5 * mebibyte));
  let running = true;
  const answered: string[] = [];
  const client = async () => {
    let epoch = 0;
    while (running) {
      const { status, error, sum, headers } = await ask('tight');
      expect(status, error).toBe(200);
      const version = headers.get('popserve-version') ?? '';
      expect(sum).toBe(1 + 100 * Number(version));
      expect(Number(headers.get('popserve-epoch'))).toBeGreaterThanOrEqual(epoch);
      epoch = Number(headers.get('popserve-epoch'));
      answered.push(version);
    }
  };
  const clients = Array.from({ length: 6 }, client);
  const releases = async () => {
    for (const version of [2, 3, 4]) {
      await pop.release(adder('tight', String(version), 100 * version, 5 * mebibyte));
      await eventually(() => expect(answered.at(-1)).toBe(String(version)));
    }
  };
  await Promise.race([releases(), Promise.all(clients)]).finally(() => {
    running = false;
  });
  await Promise.all(clients);
  const unloaded = pop.logs.filter(({ event, model }) => event === 'model-unloaded' && model === 'tight');
  expect(unloaded.length).toBeGreaterThanOrEqual(3);
});

test('where they do not fit together and onnxruntime refuses the new one, the old one answers again', async () => {
  await pop.release(adder('shut', '1', 100, 5 * mebibyte));
  expect(await ask('shut')).toMatchObject({ status: 200, sum: 101 });
  let running = true;
  let asked = 0;
  const client = async () => {
    while (running) {
      const { status, error, sum, headers } = await ask('shut');
      expect(status, error).toBe(200);
      expect(sum).toBe(101);
      expect(headers.get('popserve-epoch')).toBe('1');
      asked++;
    }
  };
  const clients = Array.from({ length: 4 }, client);
  const release = async () => {
    const { signature } = adder('shut', '2', 0).manifest;
    const epoch = await pop.release(publication('shut', '2', new Uint8Array(5 * mebibyte), signature));
    await eventually(async () => {
      const metadata = (await pop.send('GET', '/v2/models/shut')).json<{ properties: Record<string, string> }>();
      expect(metadata.properties).toMatchObject({
        ...{ version: '1', epoch: '1', held_epoch: String(epoch) },
        held_reason: expect.stringContaining("model 'shut' version '2' failed to load"),
      });
    });
    const unloaded = () => pop.logs.filter(({ event, model }) => event === 'model-unloaded' && model === 'shut');
    expect(unloaded()).toHaveLength(1);
    const before = asked;
    await eventually(() => expect(asked).toBeGreaterThan(before + 20));
    // Refreshes go on, and do not give the old one's room away once more.
    expect(unloaded()).toHaveLength(1);
    expect(await ask('shut', { 'popserve-min-epoch': String(epoch) })).toMatchObject({
      status: 503,
      error: expect.stringContaining(`epoch ${epoch} is held back`),
    });
  };
  await Promise.race([release(), Promise.all(clients)]).finally(() => {
    running = false;
  });
  await Promise.all(clients);
  const next = await pop.release(adder('shut', '3', 300, 5 * mebibyte));
  await eventually(async () => expect(await ask('shut')).toMatchObject({ status: 200, sum: 301 }));
  expect((await ask('shut')).headers.get('popserve-epoch')).toBe(String(next));
});

test('a canary that cannot be loaded costs no request: stable answers, and the failure is counted and shown', async () => {
  await pop.release(adder('pump', '1', 10));
  const { signature } = adder('pump', '2', 0).manifest;
  await pop.release(publication('pump', '2', new TextEncoder().encode('not a model'), signature), false);
  const epoch = await pop.route('pump', { action: 'canary', version: '2', percent: 100 });
  const seen = await ask('pump', { 'popserve-min-epoch': String(epoch) });
  expect(seen).toMatchObject({ status: 200, sum: 11 });
  expect(seen.headers.get('popserve-version')).toBe('1');
  expect(seen.headers.get('popserve-instead-of')).toBe('2');
  expect(Number(seen.headers.get('popserve-epoch'))).toBe(epoch);
  const index = await pop.send('POST', '/v2/repository/index', {});
  expect(index.json()).toContainEqual({
    ...{ name: 'pump', version: '2', state: 'UNAVAILABLE' },
    reason: expect.stringContaining('load the model'),
  });
  await eventually(async () => {
    expect((await ask('pump')).status).toBe(200);
    const status = (await pop.operate('GET', '/registry/models/pump/status')).json<{ versions: object[] }>();
    expect(status.versions).toContainEqual(
      expect.objectContaining({ version: '2', failuresByCode: { UNAVAILABLE: expect.any(Number) } }),
    );
    expect(status.versions).not.toContainEqual(expect.objectContaining({ version: '2', loadFailures: 0 }));
  });
});

test('a release that is held back shows in the metadata of the model, and a rollback ends it', async () => {
  await pop.release(adder('valve', '1', 10));
  await ask('valve');
  const { signature } = adder('valve', '2', 0).manifest;
  const epoch = await pop.release(publication('valve', '2', new TextEncoder().encode('no model either'), signature));
  const properties = async () => {
    const { status } = await ask('valve');
    expect(status).toBe(200);
    return (await pop.send('GET', '/v2/models/valve')).json<{ properties: Record<string, string> }>().properties;
  };
  await eventually(async () =>
    expect(await properties()).toMatchObject({
      ...{ version: '1', epoch: '1', held_epoch: String(epoch) },
      held_reason: expect.stringContaining("model 'valve' version '2' failed to load"),
    }),
  );
  await pop.route('valve', { action: 'rollback' });
  await eventually(async () => expect(await properties()).toMatchObject({ version: '1', epoch: String(epoch + 1) }));
  expect(await properties()).not.toHaveProperty('held_epoch');
});
