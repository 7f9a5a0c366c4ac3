// Calls of Triton that popserve does not have: 501 that says so, whatever the method and the rest of the path.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestPop } from '../../harness/pop.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ INFERENCE_ACCESS: 'keyed' });
});
afterAll(() => pop.stop());

const calls: [string, string][] = [
  ['/v2/systemsharedmemory/status', 'shared memory is not supported'],
  ['/v2/systemsharedmemory/region/r/register', 'shared memory is not supported'],
  ['/v2/systemsharedmemory/unregister', 'shared memory is not supported'],
  ['/v2/cudasharedmemory/region/r/status', 'shared memory is not supported'],
  ['/v2/trace/setting', 'trace settings are not supported'],
  ['/v2/models/pump/trace/setting', 'trace settings are not supported'],
  ['/v2/models/pump/versions/1/trace/setting', 'trace settings are not supported'],
  ['/v2/logging', 'log settings are not supported'],
  ['/v2/models/pump/generate', 'the generate extension is not supported'],
  ['/v2/models/pump/versions/1/generate_stream', 'the generate extension is not supported'],
  ['/v2/models/pump/infer_stream', 'infer_stream is not supported'],
];

describe.each(calls)('%s', (path, sentence) => {
  test.each(['GET', 'POST', 'DELETE'])('gets 501 by %s', async (method) => {
    const headers = { authorization: `Bearer ${pop.pop.token}` };
    for (const asked of [path, `${path}/`]) {
      const answer = await pop.send(method, asked, undefined, headers);
      expect([answer.status, answer.json()]).toEqual([501, { error: expect.stringContaining(sentence) }]);
    }
  });

  test('is told to nobody who is not known', async () => {
    expect((await pop.send('GET', path)).status).toBe(401);
  });
});

test('none of them is named among the extensions, and other paths are still unknown', async () => {
  const { extensions } = (await pop.send('GET', '/v2')).json<{ extensions: string[] }>();
  const missing = ['system_shared_memory', 'cuda_shared_memory', 'trace', 'logging', 'generate'];
  expect(extensions.filter((name) => missing.includes(name))).toEqual([]);
  const headers = { authorization: `Bearer ${pop.pop.token}` };
  for (const path of ['/v2/systemsharedmemories', '/v2/models/pump/tracing', '/v2/models/pump/generated']) {
    expect([path, (await pop.send('GET', path, undefined, headers)).status]).toEqual([path, 404]);
  }
});
