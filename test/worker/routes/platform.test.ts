// The Worker tries what its platform gives: each finding has a value or a reason, and nothing stays behind.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PlatformReport } from '../../../registry/api/platform.ts';
import { TestPop } from '../../harness/pop.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
});
afterAll(() => pop.stop());

test('every try has a finding, and nothing that was written for it stays', async () => {
  const { probes } = (await pop.operate('POST', '/registry/probe')).json<PlatformReport>();
  const found = Object.fromEntries(probes.map(({ name, value }) => [name, value]));
  expect(found).toMatchObject({
    ...{ 'wasm.simd': true, 'wasm.bulkMemory': true, 'memory.unshared': true, 'memory.maximumIsKept': true },
    ...{ 'cache.keeps': true, 'cache.deletes': true, 'r2.createOnly': true, 'clock.movesOverATimer': true },
    ...{ 'r2.createOnlyOfWhatIsThere': 'not stored', 'r2.secondWriteInASecond': 'accepted' },
    ...{ 'kv.write': 'accepted', 'kv.readsItsWrite': '2', 'engine.nodeProcess': false, 'storage.tidied': true },
    'engine.userAgent': expect.stringContaining('Cloudflare-Workers'),
  });
  for (const { value, error } of probes) expect(value === null || error === null).toBe(true);
  // The platform forbids it, and says so.
  expect(probes).toContainEqual({
    name: 'wasm.compileBytes',
    value: null,
    error: expect.stringContaining('CompileError'),
  });
  const bucket = await pop.pop.miniflare.getR2Bucket('MODELS');
  expect((await bucket.list({ prefix: 'probes/' })).objects).toEqual([]);
  const namespace = await pop.pop.miniflare.getKVNamespace('ROUTES');
  expect((await namespace.list({ prefix: 'probes/' })).keys).toEqual([]);
});

test('only an admin may ask', async () => {
  expect((await pop.send('POST', '/registry/probe')).status).toBe(401);
});
