// An object across deploys, through the real Worker: tables of 0.1.0 are told as 0.1.0 told them, and tables of newer code, after a
// rollback, are used or left alone but never damaged.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPop } from '../../../../scripts/local-pop/pop.ts';
import { migrations } from '../../../../worker/telemetry/schema/migrations.ts';
import { TestPop } from '../../../harness/pop.ts';
import { adder } from '../../../harness/small-models.ts';
import { openObjectFile, readDump, replaceTables } from '../kept-object.ts';
import { countRows } from '../sqlite.ts';
import { reportOf, sendReport, statusOf } from '../telemetry-object.ts';

const model = 'pump';

/** An answer of 0.1.0. */
interface Told {
  readonly path: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Lines where the answer is text. */
  readonly body: object | readonly string[];
}

let directory: string;
let told: readonly Told[];
const logs: { event: string; [field: string]: unknown }[] = [];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'popserve-deploys-'));
  const text = await readFile(join(import.meta.dirname, '../fixtures/object-0.1.0.told.jsonl'), 'utf8');
  told = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  await run(async (pop) => {
    await pop.release(adder(model, '1', 10));
    await pop.release(adder(model, '2', 20), false);
    await pop.route(model, { action: 'shadow', version: '2', percent: 10 });
    const limits = { errorShare: 0.5, disagreementShare: 0.9, minRequests: 100_000 };
    await pop.route(model, { action: 'canary', version: '2', percent: 20, limits });
    await statusOf(pop, model);
  });
}, 60_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Starts the Worker on the folder, as a deploy does with the objects that exist. */
async function run(use: (pop: TestPop) => Promise<void>): Promise<void> {
  const settings = { TELEMETRY_FLUSH_SECONDS: '3600', DRIFT_WINDOW_SECONDS: '3600' };
  const onLog = (line: string) => void logs.push(line.startsWith('{') ? JSON.parse(line) : { event: 'text', line });
  const pop = TestPop.of(await startPop({ directory, port: 0, settings, onLog }));
  try {
    await use(pop);
  } finally {
    await pop.stop();
  }
}

/** The object of 0.1.0, as if it had been left just now, and what newer code made of it: statements behind the known migrations. */
async function installObject(newer = ''): Promise<void> {
  const justNow = `UPDATE isolates SET seen_ms = ${Date.now()}; UPDATE drift_versions SET opened_ms = ${Date.now()};`;
  await replaceTables(directory, `${await readDump()};${justNow}`);
  if (newer === '') return;
  using sql = await openObjectFile(directory);
  for (const { apply } of migrations) apply(sql);
  for (const statement of newer.split(';')) if (statement.trim() !== '') sql.exec(statement);
}

async function expectFigures(pop: TestPop): Promise<void> {
  for (const { path, status, headers, body } of told) {
    const answer = await pop.send('GET', path, undefined, { authorization: `Bearer ${pop.pop.token}` });
    expect(answer.status, path).toBe(status);
    expect(Object.fromEntries(answer.headers), path).toMatchObject(headers ?? {});
    const lines = new TextDecoder().decode(answer.bytes).split('\n');
    if (Array.isArray(body)) expect(lines, path).toEqual(expect.arrayContaining(body));
    else expect(answer.json(), path).toMatchObject(body);
  }
}

test('an object of 0.1.0 tells every figure that 0.1.0 told, and goes on from there', async () => {
  await installObject();
  await run(async (pop) => {
    await expectFigures(pop);
    // Reports that 0.1.0 stored are known, and what comes is added to what it counted.
    const [before] = (await statusOf(pop, model)).versions;
    const report = { isolate: 'isolate-FRA', pop: 'FRA', epoch: 3, requests: 5 };
    await sendReport(pop, model, reportOf({ ...report, sequence: 1 }));
    expect((await statusOf(pop, model)).versions[0]).toEqual(before);
    await sendReport(pop, model, reportOf({ ...report, sequence: 1000 }));
    expect((await statusOf(pop, model)).versions[0]?.requests).toBe((before?.requests ?? 0) + 5);
  });
  using sql = await openObjectFile(directory);
  expect(sql.exec('SELECT version, title FROM schema_versions').toArray()).toEqual(
    migrations.map(({ title }, index) => ({ version: index + 1, title })),
  );
}, 60_000);

describe('a rollback to this code, from code that', () => {
  const future = migrations.length + 1;
  const migrated = (oldestCode: number) => `
    CREATE TABLE schema_versions (
      version INTEGER PRIMARY KEY, title TEXT NOT NULL, oldest_code INTEGER NOT NULL, at_ms INTEGER NOT NULL);
    INSERT INTO schema_versions (version, title, oldest_code, at_ms) VALUES (${future}, 'of the future', ${oldestCode}, 1);
    ALTER TABLE isolates ADD COLUMN added TEXT NOT NULL DEFAULT 'default';
    ALTER TABLE counts ADD COLUMN added TEXT NOT NULL DEFAULT 'default';
    ALTER TABLE drift_open ADD COLUMN added TEXT NOT NULL DEFAULT 'default';
    UPDATE isolates SET added = 'kept'; UPDATE counts SET added = 'kept'; UPDATE drift_open SET added = 'kept';
    CREATE TABLE added (id INTEGER PRIMARY KEY); INSERT INTO added (id) VALUES (1);`;
  const addedTo = async (table: string) => {
    using sql = await openObjectFile(directory);
    return sql
      .exec<{ added: string }>(`SELECT added FROM ${table}`)
      .toArray()
      .map(({ added }) => added);
  };

  test('added columns and tables which older code may pass by: this code runs, and what is new stays', async () => {
    await installObject(migrated(0));
    await run(async (pop) => {
      await expectFigures(pop);
      const [versions, places] = [(await statusOf(pop, model)).versions, { region: 'EU', layout: 903915058 }];
      const drift = {
        region: places.region,
        versions: [{ version: '1', layout: places.layout, requests: 1, rows: 1, counts: new Float64Array(48) }],
      };
      for (const isolate of ['isolate-FRA', 'new']) {
        const report = reportOf({ isolate, sequence: 1000, pop: 'FRA', epoch: 3, requests: 5 });
        await sendReport(pop, model, { ...report, parts: { ...report.parts, drift } });
      }
      expect((await statusOf(pop, model)).versions[0]?.requests).toBe((versions[0]?.requests ?? 0) + 10);
    });
    expect(logs).toContainEqual({ event: 'schema-newer', schema: future, known: migrations.length, refused: false });
    expect((await addedTo('isolates')).sort()).toEqual(['default', 'kept', 'kept', 'kept']);
    expect(new Set(await addedTo('counts'))).toEqual(new Set(['kept']));
    expect(new Set(await addedTo('drift_open'))).toEqual(new Set(['kept']));
  }, 60_000);

  test('changed what older code must not touch: nothing is read or written, reports wait, inference goes on', async () => {
    await installObject(migrated(future));
    const rows = async () => {
      using sql = await openObjectFile(directory);
      return { ...countRows(sql), counts: sql.exec('SELECT * FROM counts').toArray() };
    };
    const before = await rows();
    await run(async (pop) => {
      const report = reportOf({ isolate: 'new', sequence: 1, pop: 'FRA', epoch: 3, requests: 5 });
      await expect(sendReport(pop, model, report)).rejects.toThrow();
      const headers = { authorization: `Bearer ${pop.pop.token}` };
      for (const path of ['status', 'shadow', 'drift', 'sample']) {
        expect((await pop.send('GET', `/registry/models/${model}/${path}`, undefined, headers)).status, path).toBe(500);
      }
      expect((await pop.send('DELETE', `/registry/models/${model}/sample`, undefined, headers)).status).toBe(500);
      const metrics = await pop.operate('GET', '/metrics');
      expect(new TextDecoder().decode(metrics.bytes)).toContain(`popserve_telemetry_up{model="${model}"} 0\n`);
      const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }];
      expect((await pop.send('POST', `/v2/models/${model}/versions/1/infer`, { inputs })).status).toBe(200);
    });
    expect(logs).toContainEqual({ event: 'schema-newer', schema: future, known: migrations.length, refused: true });
    expect(logs).toContainEqual({
      ...{ event: 'metrics-incomplete', model },
      error: expect.stringContaining(`need code that knows schema ${future}; this code knows ${migrations.length}`),
    });
    expect(await rows()).toEqual(before);
  }, 60_000);
});
