// Objects that cannot be read, and storage that is away: lists tell of the rest, and no answer shows what storage says.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CountedPop } from '../harness/counted-pop.ts';
import { adder } from '../harness/small-models.ts';

let pop: CountedPop;
let isolate = 0;
const settings = { ARTIFACT_DOWNLOADS: 'on', INFERENCE_ACCESS: 'open' };

beforeAll(async () => {
  pop = await CountedPop.start(60, settings);
  for (const version of ['1', '2']) {
    const { manifest, blobs } = adder('adder', version, 1);
    for (const { digest, bytes } of blobs) await operate('PUT', `/registry/blobs/${digest}`, new Uint8Array(bytes));
    await operate('PUT', `/registry/models/adder/versions/${version}`, manifest);
    await operate('POST', '/registry/models/adder/routes', { action: 'activate', version });
  }
  await operate('POST', '/registry/keys', { name: 'a', scopes: ['infer'] });
});
afterAll(() => pop.stop());

async function operate<T>(method: string, path: string, body?: Uint8Array<ArrayBuffer> | object): Promise<T> {
  const { status, text } = await pop.ask(isolate, method, path, body);
  expect([path, status < 300, text]).toEqual([path, true, text]);
  return JSON.parse(text) as T;
}

describe('one damaged object', () => {
  const named = `sha256:${'a'.repeat(64)}`;
  beforeAll(async () => {
    await pop.bucket.put('models/adder/versions/9.json', `{"artifacts":{"model":{"digest":"${named}"`);
    await pop.bucket.put('models/broken/routes/999999999998', '<html>');
    await pop.bucket.put('models/adder/routes/999999999995', '<html>');
    await pop.bucket.put(
      'models/adder/routes/999999999996',
      (await (await pop.bucket.get('models/adder/routes/999999999997'))?.text()) ?? '',
    );
    await pop.bucket.put('keys/0123456789abcdef/key.json', '{');
    await pop.bucket.put('audit/0000000000000-x.json', '{}');
    await pop.bucket.put('retiring/adder/8.json', '<html>');
    await pop.bucket.put('trials/adder/1/attempt-1', '', { customMetadata: { by: 'x', pop: 'y', failure: '%' } });
    await pop.bucket.delete('index/models.json');
    isolate = 1;
  });

  test.each(['/v2/models', '/registry/models'])('does not break %s, which says so', async (path) => {
    const { models } = await operate<{ models: object[] }>('GET', path);
    expect(models).toMatchObject([
      { name: 'adder', versions: 2, damaged: true },
      { name: 'broken', versions: 0, damaged: true },
    ]);
  });

  test('does not break the index of the repository', async () => {
    const index = await operate<{ name: string; version: string }[]>('POST', '/v2/repository/index', {});
    expect(index.map(({ name, version }) => `${name} ${version}`).sort()).toEqual(['adder 1', 'adder 2']);
  });

  test('does not break the history, the keys or the audit: each names it', async () => {
    const history = await operate<{ routes: { epoch: number }[]; damaged: number[] }>(
      'GET',
      '/registry/models/adder/routes',
    );
    expect([history.routes.length, history.damaged]).toEqual([3, [4]]);
    const keys = await operate<{ keys: object[]; damaged: string[] }>('GET', '/registry/keys');
    expect([keys.keys.length, keys.damaged]).toEqual([1, ['0123456789abcdef']]);
    const audit = await operate<{ records: object[]; damaged: string[] }>('GET', '/registry/audit?limit=100');
    expect(audit.records.length).toBeGreaterThan(5);
    expect(audit.damaged).toEqual(['0000000000000-x.json']);
  });

  test('does not break the garbage collection, which keeps the blobs that can be made out in it', async () => {
    await pop.bucket.put(`blobs/sha256/${'a'.repeat(64)}`, 'named by what is damaged');
    const report = await operate<{ damaged: object[]; namedBlobs: number }>('POST', '/registry/gc', { dryRun: true });
    expect(report).toMatchObject({ damaged: [{ model: 'adder', version: '9' }], blobs: [], youngBlobs: 0 });
  });

  test('does not break the scheduled repair', async () => {
    await pop.schedule();
    isolate = 2;
    expect((await operate<{ models: object[] }>('GET', '/v2/models')).models).toHaveLength(2);
  });
});

describe('storage that is away', () => {
  const reads = [
    ...['/v2/health/ready', '/v2/models', '/v2/models/stats?scope=all', '/v2/models/adder', '/v2/models/adder/ready'],
    ...[
      '/v2/models/adder/versions/1',
      '/v2/models/adder/infer?x=1,2',
      '/v2/models/adder/artifact',
      '/v2/models/nobody',
    ],
    ...['/v1/models/adder', '/v1/models/adder/metadata', '/registry/models', '/registry/models/adder', '/metrics'],
    ...['/registry/models/adder/versions/1', '/registry/models/adder/routes', '/registry/models/adder/status'],
    ...['/registry/models/adder/drift', '/registry/models/adder/shadow', '/registry/models/adder/sample'],
    ...['/registry/keys', '/registry/audit', `/registry/blobs/sha256:${'0'.repeat(64)}`],
  ];
  test.each(reads.map((path, index) => ({ path, own: index + 10 })))(
    'shows nothing of it at $path',
    async ({ path, own }) => {
      const headers = { authorization: `Bearer ${pop.pop.token}`, storage: 'away' };
      const { status, text } = await pop.ask(own, 'GET', path, undefined, headers);
      expect(status).toBeGreaterThanOrEqual(500);
      expect(text).not.toMatch(/10001|internal error\.|index\/|models\/adder|keys\/|audit\/|route:|\.js:|\.ts:/);
      expect(JSON.parse(text)).toEqual({ error: expect.stringMatching(/.{10}/) });
    },
  );

  test('is told as what is not ready, and no more', async () => {
    const headers = { storage: 'away' };
    const { text } = await pop.ask(50, 'GET', '/v2/health/ready', undefined, headers);
    expect(JSON.parse(text)).toEqual({ error: 'not ready: the registry cannot be read' });
  });

  test('is the reason why a version cannot be loaded, without its words', async () => {
    isolate = 51;
    const { manifest, blobs } = adder('cold', '1', 7);
    for (const { digest, bytes } of blobs) await operate('PUT', `/registry/blobs/${digest}`, new Uint8Array(bytes));
    await operate('PUT', '/registry/models/cold/versions/1', manifest);
    await operate('GET', '/v2/models/cold/versions/1');
    const headers = { storage: 'away' };
    const { status, text } = await pop.ask(51, 'GET', '/v2/models/cold/versions/1/ready', undefined, headers);
    expect([status, text]).toEqual([503, expect.stringContaining('failed to load')]);
    expect(text).not.toMatch(/10001|blobs\/|trials\//);
    const { text: metadata } = await pop.ask(51, 'GET', '/v2/models/cold/versions/1');
    expect(metadata).not.toMatch(/10001|blobs\/|trials\//);
  });
});
