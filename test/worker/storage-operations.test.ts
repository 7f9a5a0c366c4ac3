// How many operations of storage each read costs, by its first request to a cold isolate and repeated at once: the table of docs/cost.md.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listAgeMs } from '../../registry/model-catalog.ts';
import { R2ManifestStore } from '../../registry/r2-manifest-store.ts';
import { R2RouteLog } from '../../registry/r2-route-log.ts';
import { readPage, tableRows } from '../docs/markdown.ts';
import { type CountedAnswer, CountedPop } from '../harness/counted-pop.ts';
import { adder } from '../harness/small-models.ts';

const rows = tableRows(readPage('docs/cost.md'), '| call | 1 model | 400 models | again |').map((cells) => {
  const [call = '', one = '', many = '', again = ''] = cells.map((cell) => cell.replaceAll('`', ''));
  const [method = '', path = ''] = call.split(' ');
  return { call, method, path, one: Number(one), many: Number(many), again: Number(again) };
});
/** Releases come from this isolate; each row has one of its own after it. */
const writer = 0;
const isolates = rows.length + 1;
let digest = '';

function pathOf(path: string): string {
  return path
    .replace('{model}', 'adder')
    .replace('{version}', '3')
    .replace('{alias}', 'stable')
    .replace('{unknown}', 'nobody')
    .replace('{digest}', digest)
    .replace('{key}', 'models/adder/versions/1.json');
}

/** A model with 3 versions, 5 routes, 3 keys and their records of the audit. */
async function prepare(pop: CountedPop): Promise<void> {
  const operate = async (method: string, path: string, body: Uint8Array<ArrayBuffer> | object) => {
    const { status, text } = await pop.ask(writer, method, path, body);
    expect([status < 300, text]).toEqual([true, text]);
  };
  for (const version of ['1', '2', '3']) {
    const { manifest, blobs } = adder('adder', version, Number(version));
    for (const blob of blobs) {
      digest = blob.digest;
      await operate('PUT', `/registry/blobs/${blob.digest}`, new Uint8Array(blob.bytes));
    }
    await operate('PUT', `/registry/models/adder/versions/${version}`, manifest);
  }
  for (const version of ['1', '2', '1', '2', '1']) {
    await operate('POST', '/registry/models/adder/routes', { action: 'activate', version });
  }
  for (const name of ['a', 'b', 'c']) await operate('POST', '/registry/keys', { name, scopes: ['infer'] });
}

/** Models as an older release of the code has left them: without an index. */
async function addModels({ bucket }: CountedPop, count: number): Promise<void> {
  const [manifests, routes] = [new R2ManifestStore(bucket), new R2RouteLog(bucket)];
  const audit = { actor: 'ann', at: '2026-11-23T10:00:00.000Z', action: 'activate' };
  const add = async (number: number) => {
    const { manifest } = adder(`model-${String(number).padStart(3, '0')}`, '1', number);
    await manifests.create(manifest);
    const route = { aliases: { stable: '1' }, previous: [], rollout: null, shadow: null, audit };
    await routes.append({ schema: 1, model: manifest.model, epoch: 1, ...route });
  };
  for (let start = 1; start <= count; start += 16) {
    await Promise.all(Array.from({ length: Math.min(16, count + 1 - start) }, (_, index) => add(start + index)));
  }
}

const settings = {
  ...{ ARTIFACT_DOWNLOADS: 'on', INFERENCE_ACCESS: 'open' },
  ...{ TELEMETRY_FLUSH_SECONDS: '3600', ROUTE_REFRESH_SECONDS: '60' },
};
const rateLimits = {
  KEY_LIMIT: { limit: 100_000, period: 60 },
  ADDRESS_LIMIT: { limit: 100_000, period: 60 },
} as const;

describe.each([
  ['one model', 0, 'one'],
  ['400 models', 399, 'many'],
] as const)('with %s', (_, others, column) => {
  let pop: CountedPop;
  beforeAll(async () => {
    pop = await CountedPop.start(isolates, settings, { rateLimits });
    await prepare(pop);
    await addModels(pop, others);
    // The first ones complete the index, the last one finds nothing to do.
    for (let run = 0; run < (others > 0 ? 3 : 1); run++) await pop.schedule();
  }, 300_000);
  afterAll(() => pop.stop());

  const ask = (isolate: number, method: string, path: string): Promise<CountedAnswer> =>
    pop.ask(isolate, method, pathOf(path), method === 'POST' ? { dryRun: true } : undefined);

  test.each(rows.map((row, index) => ({ ...row, isolate: index + 1 })))(
    '$call',
    async (row) => {
      const startedMs = performance.now();
      const cold = await ask(row.isolate, row.method, row.path);
      const repeated = [await ask(row.isolate, row.method, row.path), await ask(row.isolate, row.method, row.path)];
      const costs = repeated.map(({ operations }) => operations.length);
      expect(
        { cold: cold.operations.length, again: Math.min(...costs) },
        cold.operations.slice(0, 20).join(', '),
      ).toEqual({
        cold: row[column],
        again: row.again,
      });
      // On a busy machine a dear one takes longer than what it read is told again.
      if (performance.now() - startedMs < listAgeMs) expect(Math.max(...costs)).toBeLessThanOrEqual(2);
      for (const { status } of repeated) expect(status).toBe(cold.status);
      // Nothing is counted for drift here: the model has no baseline.
      expect(cold.status).toBe(/\{unknown\}|\/drift\/history/.test(row.path) ? 404 : 200);
      if (row.path.includes('{unknown}')) expect(cold.operations.filter((name) => name.startsWith('do '))).toEqual([]);
    },
    120_000,
  );

  test('a dear read weighs what it costs, and what others have paid for weighs one', async () => {
    const page = '/registry/audit?limit=7';
    const key = await pop.ask(writer, 'POST', '/registry/keys', { name: 'k', scopes: ['admin'] });
    const headers = { 'x-api-key': (JSON.parse(key.text) as { token: string }).token };
    // A key that an isolate does not know counts against the address too.
    await pop.ask(writer, 'GET', '/registry/models', undefined, headers);
    const first = await pop.ask(writer, 'GET', page, undefined, headers);
    expect(first.weight).toBe(8);
    const again = await pop.ask(writer, 'GET', page, undefined, headers);
    expect(again.weight).toBe(1);
  });
});

test('every read of the API has its row', async () => {
  const pop = await CountedPop.start(1, settings);
  const document = JSON.parse((await pop.ask(0, 'GET', '/openapi.json')).text) as {
    paths: Record<string, Record<string, object>>;
  };
  await pop.stop();
  const reads = Object.entries(document.paths).flatMap(([path, verbs]) =>
    Object.keys(verbs)
      .filter((verb) => verb === 'get' || verb === 'head')
      .map((verb) => `${verb.toUpperCase()} ${path}`),
  );
  const told = rows.map(({ method, path }) => `${method} ${path.replace(/\?.*$/, '').replace('{alias}', '{version}')}`);
  expect(reads.filter((read) => !told.includes(read))).toEqual([]);
});
