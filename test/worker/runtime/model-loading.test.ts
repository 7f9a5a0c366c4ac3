// Loading: what cannot be loaded never replaces what works, what does not fit makes room, bytes that do not match are not run.

import { Response as MiniflareResponse } from 'miniflare';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { mebibyte } from '../../../registry/mebibytes.ts';
import { model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder, publication } from '../../harness/small-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ MEMORY_BUDGET_MIB: '48', ROUTE_REFRESH_SECONDS: '0' });
});
afterAll(() => pop.stop());

const request = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };
async function ask(path: string) {
  const answer = await pop.send('POST', `/v2/models/${path}/infer`, request);
  const body = answer.json<{ error?: string; outputs?: { data: number[] }[] }>();
  return { status: answer.status, error: body.error ?? '', data: body.outputs?.[0]?.data, headers: answer.headers };
}

describe('a version that cannot be loaded', () => {
  const signature = adder('x', '1', 0).manifest.signature;
  const unknownOperator = model({
    name: 'unknown',
    opsets: { '': 17 },
    inputs: [tensorValue('x', 1, ['batch', 2])],
    outputs: [tensorValue('y', 1, ['batch', 2])],
    nodes: [node('Frobnicate', ['x'], ['y'])],
  });
  const whole = adder('x', '1', 1).blobs[0]?.bytes ?? new Uint8Array();

  test.each([
    ['an HTML page', new TextEncoder().encode('<html><body>502 Bad Gateway</body></html>'), 'load the model'],
    ['a truncated model', whole.slice(0, whole.length / 2), 'load the model'],
    ['a model with an operator that does not exist', unknownOperator, 'Frobnicate'],
  ])('%s: 503 with the reason; the version before it goes on serving', async (what, bytes, named) => {
    const name = what.replaceAll(/[^a-z]+/gi, '-').toLowerCase();
    await pop.release(adder(name, '1', 10));
    expect((await ask(name)).data).toEqual([11, 12]);
    const epoch = await pop.release(publication(name, '2', bytes, signature));
    await vi.waitFor(() =>
      expect(pop.logs.filter(({ event }) => event === 'model-unavailable')).toContainEqual(
        expect.objectContaining({ model: name, version: '2' }),
      ),
    );
    const stable = await ask(name);
    expect(stable).toMatchObject({ status: 200, data: [11, 12] });
    expect(Number(stable.headers.get('popserve-epoch'))).toBeLessThan(epoch);
    const broken = await ask(`${name}/versions/2`);
    expect(broken.status).toBe(503);
    expect(broken.error).toContain(named);
    expect(Number(broken.headers.get('retry-after'))).toBeGreaterThan(0);
    const metadata = (await pop.send('GET', `/v2/models/${name}/versions/2`)).json();
    expect(metadata).toMatchObject({ properties: { state: 'UNAVAILABLE', reason: expect.stringContaining(named) } });
  });

  test('bytes that do not match their digest are never loaded', async () => {
    const release = adder('swapped', '1', 10.5);
    await pop.release(release, false);
    const other = adder('swapped', '1', 11).blobs[0]?.bytes ?? new Uint8Array();
    const digest = release.manifest.artifacts.model.digest;
    const bucket = await pop.pop.miniflare.getR2Bucket('MODELS');
    expect(other.length).toBe(release.manifest.artifacts.model.bytes);
    await bucket.put(`blobs/sha256/${digest.slice('sha256:'.length)}`, other);
    const answer = await ask('swapped/versions/1');
    expect(answer.status).toBe(503);
    expect(answer.error).toContain(`blob ${digest} is corrupt`);
    expect(answer.error).toContain('it was not loaded');
  });

  test('a blob that is gone is said to be', async () => {
    const release = adder('gone', '1', 77);
    await pop.release(release, false);
    const bucket = await pop.pop.miniflare.getR2Bucket('MODELS');
    const digest = release.manifest.artifacts.model.digest;
    await bucket.delete(`blobs/sha256/${digest.slice('sha256:'.length)}`);
    const answer = await ask('gone/versions/1');
    expect(answer.status).toBe(503);
    expect(answer.error).toContain(digest);
  });
});

describe('the profile', () => {
  const measured = (heapMib: number, runMs: number) => ({ heapBytes: heapMib * mebibyte, createMs: 1, runMs });
  const runtime = (fast: ReturnType<typeof measured>) => ({
    onnxruntime: '1.30.0',
    graphOptimization: 'all' as const,
    profiles: { lean: measured(1, 10), fast },
  });

  test.each([
    ['fast', 'it is faster and fits', measured(2, 5)],
    ['lean', 'fast is not faster', measured(2, 9.9)],
    ['lean', 'fast does not fit', measured(60, 5)],
  ])('is %s where %s, and shows in the metadata', async (profile, why, fast) => {
    const name = why.replaceAll(' ', '-');
    const { manifest, blobs } = adder(name, '1', 1);
    await pop.release({ manifest: { ...manifest, runtime: runtime(fast) }, blobs });
    expect((await ask(name)).status).toBe(200);
    expect((await pop.send('GET', `/v2/models/${name}`)).json()).toMatchObject({ properties: { profile } });
  });
});

describe('the cache of the PoP', () => {
  const key = (digest: string) => `${pop.pop.url.origin}/.popserve-cache/blobs/${digest.replace(':', '/')}`;
  const cached = async (digest: string) => (await pop.pop.miniflare.getCaches()).default.match(key(digest));
  const loads = (name: string) =>
    pop.logs.filter(({ event, model }) => event === 'model-loaded' && model === name).map(({ from }) => from);

  test('keeps the bytes of a model that was loaded; the next isolate or load reads them there', async () => {
    const release = adder('kept', '1', 21);
    const { digest } = release.manifest.artifacts.model;
    await pop.release(release);
    expect((await ask('kept')).data).toEqual([22, 23]);
    await vi.waitFor(async () => expect(await cached(digest)).toBeDefined());
    const bucket = await pop.pop.miniflare.getR2Bucket('MODELS');
    await bucket.delete(`blobs/sha256/${digest.slice('sha256:'.length)}`);
    await pop.operate('POST', '/v2/repository/models/kept/unload', {});
    expect((await ask('kept')).data).toEqual([22, 23]);
    expect(loads('kept')).toEqual(['registry', 'cache']);
  });

  test('drops a damaged copy and reads the registry again', async () => {
    const release = adder('damaged', '1', 31);
    const { digest } = release.manifest.artifacts.model;
    await pop.release(release, false);
    const { default: cache } = await pop.pop.miniflare.getCaches();
    const damaged = release.blobs[0]?.bytes.slice() ?? new Uint8Array();
    damaged[damaged.length - 1] = 255 - (damaged.at(-1) ?? 0);
    const headers = { 'cache-control': 'public, max-age=3600' };
    await cache.put(key(digest), new MiniflareResponse(damaged, { headers }));
    expect((await ask('damaged/versions/1')).data).toEqual([32, 33]);
    expect(loads('damaged')).toEqual(['registry']);
    await vi.waitFor(async () =>
      expect(new Uint8Array((await (await cached(digest))?.arrayBuffer()) ?? [])).toEqual(release.blobs[0]?.bytes),
    );
  });

  test('an answer that waited for its model tells what each step took', async () => {
    await pop.release(adder('timed', '1', 41), false);
    const timing = (await ask('timed/versions/1')).headers.get('server-timing') ?? '';
    const steps = timing.split(', ').map((step) => step.split(';')[0]);
    expect(steps).toEqual(['route', 'runtime', 'fetch', 'create', 'warmup']);
    expect(timing).toMatch(/fetch;dur=[\d.]+;desc="registry"/);
    expect(timing).toMatch(/create;dur=[\d.]+;desc="local clocks only"/);
    expect((await ask('timed/versions/1')).headers.get('server-timing')).toBeNull();
  });
});

describe('the memory budget', () => {
  test('the least recently used model makes room, and comes back on demand', async () => {
    for (const index of [1, 2, 3, 4]) await pop.release(adder(`large-${index}`, '1', index, 4 * mebibyte));
    for (const index of [1, 2, 3, 4]) expect((await ask(`large-${index}`)).data).toEqual([1 + index, 2 + index]);
    const unloaded = pop.logs.filter(({ event }) => event === 'model-unloaded').map(({ model }) => model);
    expect(unloaded).toContain('large-1');
    expect((await ask('large-1')).data).toEqual([2, 3]);
  });

  test('a model that can never fit is refused with the numbers, and the others go on', async () => {
    await pop.release(adder('huge', '1', 1, 16 * mebibyte));
    const answer = await ask('huge');
    expect(answer.status).toBe(503);
    expect(answer.error).toMatch(/needs 64\.\d MiB of heap, .* MiB are free \(budget 48\.0 MiB/);
    expect((await ask('large-1')).status).toBe(200);
  });

  test('many requests for a model that is not loaded load it once', async () => {
    await pop.release(adder('shared', '1', 3, 2 * mebibyte));
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('shared')));
    expect(answers.every(({ data }) => data?.[0] === 4)).toBe(true);
    const loads = pop.logs.filter(({ event, model }) => event === 'model-loaded' && model === 'shared');
    expect(loads).toHaveLength(1);
  });

  test('an input that asks for more memory than there is gets 503, and the next request is answered', async () => {
    const bomb = model({
      name: 'expand',
      opsets: { '': 17 },
      inputs: [tensorValue('shape', 7, ['rank'])],
      outputs: [tensorValue('y', 1, [null, null])],
      nodes: [node('ConstantOfShape', ['shape'], ['y'])],
    });
    const signature = {
      inputs: [{ name: 'shape', datatype: 'INT64' as const, shape: [-1] }],
      outputs: [{ name: 'y', datatype: 'FP32' as const, shape: [-1, -1] }],
    };
    await pop.release(publication('expand', '1', bomb, signature, { warmup: null }));
    const shape = (sides: number[]) => ({ inputs: [{ name: 'shape', datatype: 'INT64', shape: [2], data: sides }] });
    const small = await pop.send('POST', '/v2/models/expand/infer', shape([2, 2]));
    expect(small.json()).toMatchObject({ outputs: [{ data: [0, 0, 0, 0] }] });
    const unloaded = () => pop.logs.filter(({ event }) => event === 'model-unloaded').length;
    const before = unloaded();
    const answer = await pop.send('POST', '/v2/models/expand/infer', shape([8_000, 8_000]));
    expect([answer.status, unloaded()]).toEqual([503, before]);
    expect(answer.json<{ error: string }>().error).toContain('memory');
    expect((await pop.send('POST', '/v2/models/expand/infer', shape([2, 2]))).status).toBe(200);
    // Beyond what 32 bits can address it is the input's fault, not a shortage.
    const beyond = await pop.send('POST', '/v2/models/expand/infer', shape([100_000, 100_000]));
    expect(beyond.status, new TextDecoder().decode(beyond.bytes)).toBe(400);
    expect((await pop.send('POST', '/v2/models/expand/infer', shape([2, 2]))).status).toBe(200);
    expect((await ask('large-1')).status).toBe(200);
  });
});

test('a heap that has grown far beyond what lives in it is given up for a smaller one', async () => {
  const roomy = await TestPop.start();
  try {
    const bomb = model({
      name: 'expand',
      opsets: { '': 17 },
      inputs: [tensorValue('shape', 7, ['rank'])],
      outputs: [tensorValue('y', 1, [null])],
      nodes: [node('ConstantOfShape', ['shape'], ['all']), node('ReduceMax', ['all'], ['y'], { keepdims: { int: 0 } })],
    });
    const signature = {
      inputs: [{ name: 'shape', datatype: 'INT64' as const, shape: [1] }],
      outputs: [{ name: 'y', datatype: 'FP32' as const, shape: [] }],
    };
    await roomy.release(publication('expand', '1', bomb, signature, { warmup: null }));
    const large = { inputs: [{ name: 'shape', datatype: 'INT64', shape: [1], data: [10 * mebibyte] }] };
    expect((await roomy.send('POST', '/v2/models/expand/infer', large)).status).toBe(200);
    await roomy.release(adder('small', '1', 1));
    expect((await roomy.send('POST', '/v2/models/small/infer', request)).status).toBe(200);
    const heaps = roomy.logs.filter(({ event }) => event === 'model-loaded' || event === 'heap-shrunk');
    expect(heaps.map(({ event }) => event)).toEqual(['model-loaded', 'heap-shrunk', 'model-loaded']);
    expect(Number(heaps[1]?.discardedBytes)).toBeGreaterThan(50 * mebibyte);
    expect(Number(heaps[2]?.heap)).toBeLessThan(20 * mebibyte);
    // Models of the old one come back on demand.
    const small = { inputs: [{ name: 'shape', datatype: 'INT64', shape: [1], data: [10] }] };
    expect((await roomy.send('POST', '/v2/models/expand/infer', small)).json()).toMatchObject({
      outputs: [{ data: [0] }],
    });
  } finally {
    await roomy.stop();
  }
});

describe('the first heap of an isolate', () => {
  const runtimeMs = (timing: string | null) => Number(/runtime;dur=([\d.]+)/.exec(timing ?? '')?.[1] ?? Number.NaN);
  const firstLoad = async (settings: Record<string, string>) => {
    const fresh = await TestPop.start(settings);
    try {
      await fresh.release(adder('early', '1', 1), false);
      const { status, headers } = await fresh.send('POST', '/v2/models/early/versions/1/infer', request);
      expect(status).toBe(200);
      return runtimeMs(headers.get('server-timing'));
    } finally {
      await fresh.stop();
    }
  };

  // Starting it behind the request takes a hundred milliseconds and more.
  test.each([{}, { MEMORY_BUDGET_MIB: '48' }])(
    'is started before a request is there, with the settings %o',
    async (settings) => {
      expect(await firstLoad(settings)).toBeLessThan(50);
    },
  );
});
