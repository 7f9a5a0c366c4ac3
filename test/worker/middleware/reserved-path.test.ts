// What the PoP's cache keeps for this Worker cannot be read, replaced or hidden by a request from outside.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

let pop: TestPop;
let keys: { answer: string; blob: string };
beforeAll(async () => {
  pop = await TestPop.start();
  const release = adder('pump', '1', 1);
  await pop.release(release);
  const { headers } = await pop.send('GET', '/v2/models/pump/infer?x=1,2');
  const etag = (headers.get('etag') ?? '').replaceAll('"', '');
  const digest = release.manifest.artifacts.model.digest.replace(':', '/');
  keys = { answer: `/.popserve-cache/answers/${etag}`, blob: `/.popserve-cache/blobs/${digest}` };
  for (const path of Object.values(keys)) await vi.waitFor(async () => expect(await cached(path)).not.toBeNull());
});
afterAll(() => pop.stop());

async function cached(path: string): Promise<string | null> {
  const { default: cache } = await pop.pop.miniflare.getCaches();
  return (await (await cache.match(new URL(path, pop.pop.url).href))?.text()) ?? null;
}

const spellings = (path: string) => [path, `${path}/`, path.replace('/.', '/%2e'), path.replace('/.', '/x/../.')];

test.each(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PURGE'])(
  '%s finds no such path, and leaves what is kept',
  async (method) => {
    const before = await Promise.all(Object.values(keys).map(cached));
    for (const path of Object.values(keys).flatMap(spellings)) {
      const body = method === 'POST' || method === 'PUT' ? '{"predictions":[{"y":[0,0]}]}' : undefined;
      const answer = await pop.send(method, path, body, { authorization: `Bearer ${pop.pop.token}` });
      expect([path, answer.status]).toEqual([path, expect.toBeOneOf([404, 405])]);
      expect(new TextDecoder().decode(answer.bytes)).not.toContain('predictions');
    }
    expect(await Promise.all(Object.values(keys).map(cached))).toEqual(before);
    const again = await pop.send('GET', '/v2/models/pump/infer?x=1,2');
    expect(again.json()).toMatchObject({ predictions: [{ y: [2, 3] }] });
  },
);

test('the refusal is kept by no cache in front', async () => {
  for (const path of Object.values(keys)) {
    const answer = await pop.send('GET', path);
    expect(answer.headers.get('cache-control')).toContain('no-store');
    expect(answer.json<{ error: string }>().error).toContain('no such path');
  }
});
