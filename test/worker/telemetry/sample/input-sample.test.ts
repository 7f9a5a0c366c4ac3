// The input sample through the real Worker: off nothing is kept, on rows arrive for the administrator alone, until they are deleted.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoModel } from '../../../../scripts/demo/demo-model.ts';
import { startPop } from '../../../../scripts/local-pop/pop.ts';
import { readData } from '../../../../scripts/validation/read-data.ts';
import { demoPublication } from '../../../harness/demo-publication.ts';
import { eventually } from '../../../harness/eventually.ts';
import { type Answer, TestPop } from '../../../harness/pop.ts';
import { adder } from '../../../harness/small-models.ts';
import { statusOf } from '../telemetry-object.ts';

const settings = { TELEMETRY_FLUSH_SECONDS: '0', ROUTE_REFRESH_SECONDS: '0', POP_REGION: 'EU' };
const machine = { type: 'L', air_temperature: 298.9, process_temperature: 309.1, rotational_speed: 1310 };
const record = { ...machine, torque: 64.5, tool_wear: 198 };

interface Row {
  prediction: Record<string, unknown>;
  at: string;
  [name: string]: unknown;
}

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({
    ...settings,
    INPUT_SAMPLE: 'machine-failure=20,adder=3',
    INPUT_SAMPLE_WINDOW_SECONDS: '1',
  });
  await pop.release(await demoPublication());
  await pop.release(adder('adder', '1', 10));
  await pop.release(adder('other', '1', 10));
});
afterAll(() => pop.stop());

const xOf = (rows: number) => ({
  inputs: [{ name: 'x', datatype: 'FP32', shape: [rows, 2], data: new Array(2 * rows).fill(1) }],
});

async function sampleOf(of: TestPop, model: string, query = ''): Promise<{ answer: Answer; rows: Row[] }> {
  const answer = await of.operate('GET', `/registry/models/${model}/sample${query}`);
  const lines = new TextDecoder().decode(answer.bytes).split('\n');
  return { answer, rows: lines.filter((line) => line !== '').map((line) => JSON.parse(line)) };
}

/** Asks until what was asked has arrived: what comes after a flush began waits for the next request. */
function sampledOf(model: string, body: object, query = ''): Promise<{ answer: Answer; rows: Row[] }> {
  return eventually(async () => {
    expect((await pop.send('POST', `/v2/models/${model}/infer`, body)).status).toBe(200);
    const sample = await sampleOf(pop, model, query);
    expect(sample.rows.length).toBeGreaterThan(0);
    return sample;
  });
}

async function propertiesOf(of: TestPop, model: string): Promise<Record<string, string>> {
  return (await of.send('GET', `/v2/models/${model}`)).json<{ properties: Record<string, string> }>().properties;
}

describe('where the setting names a model', () => {
  test('rows arrive with their answers, as JSON lines that publish takes as reference data', async () => {
    const { answer, rows } = await sampledOf(demoModel.name, { instances: [record] });
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(Number(answer.headers.get('popserve-sample-seen'))).toBeGreaterThanOrEqual(rows.length);
    expect(rows[0]).toEqual({
      ...record,
      prediction: { failure: 1, probability: [expect.any(Number), expect.any(Number)] },
      ...{ at: expect.any(String), version: '1', pop: 'local', region: 'EU' },
    });
    expect(Math.abs(Date.parse(rows[0]?.at ?? '') - Date.now())).toBeLessThan(60_000);

    const directory = await mkdtemp(join(tmpdir(), 'popserve-sample-'));
    try {
      const path = join(directory, 'sample.jsonl');
      await writeFile(path, answer.bytes);
      const { manifest } = await demoPublication();
      const data = await readData({ path }, manifest.signature, false);
      const inputs = await data.inputs(0, 1);
      expect(inputs.map(({ name }) => name)).toEqual(manifest.signature.inputs.map(({ name }) => name));
      const [, temperature] = inputs.map(({ data }) => data);
      expect(temperature).toEqual(new Uint8Array(Float32Array.of(298.9).buffer));
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('there are no more rows of a window than were asked for', async () => {
    await sampledOf('adder', xOf(500));
    const { rows, answer } = await sampleOf(pop, 'adder');
    const windows = Map.groupBy(rows, ({ at }) => Math.floor(Date.parse(at) / 1000));
    expect([...windows.values()].every((window) => window.length <= 3)).toBe(true);
    expect(Number(answer.headers.get('popserve-sample-seen'))).toBeGreaterThanOrEqual(500);
  });

  test('a version and a PoP can be asked for', async () => {
    await sampledOf('adder', xOf(1), '?version=1&pop=local');
    expect((await sampleOf(pop, 'adder', '?version=2')).rows).toEqual([]);
    expect((await sampleOf(pop, 'adder', '?pop=elsewhere')).rows).toEqual([]);
    await expect(pop.operate('GET', '/registry/models/adder/sample?verson=1')).rejects.toThrow('400');
    await expect(pop.operate('GET', '/registry/models/nobody/sample')).rejects.toThrow('404');
  });

  test('the metadata of the model says so, and of others does not', async () => {
    const { input_sample: told } = await propertiesOf(pop, 'adder');
    expect(JSON.parse(told ?? '')).toEqual({ rows: 3, window_seconds: 1, kept_seconds: 24 });
    expect(await propertiesOf(pop, 'other')).not.toHaveProperty('input_sample');
  });

  test('only who holds admin reads and deletes, and it is kept who did', async () => {
    const path = '/registry/models/adder/sample';
    for (const scope of ['infer', 'read', 'release']) {
      const key = { name: scope, scopes: [scope], models: scope === 'release' ? ['adder'] : null };
      const { token } = (await pop.operate('POST', '/registry/keys', key)).json<{ token: string }>();
      for (const method of ['GET', 'HEAD', 'DELETE']) {
        for (const spelled of [path, `${path}/`, path.replace('sample', '%73ample')]) {
          const refused = await pop.send(method, spelled, undefined, { authorization: `Bearer ${token}` });
          expect(refused.status, `${scope} ${method} ${spelled}`).toBe(403);
        }
      }
    }
    expect((await pop.send('GET', path)).status).toBe(401);
    const { token } = (await pop.operate('POST', '/registry/keys', { name: 'boss', scopes: ['admin'] })).json<{
      token: string;
    }>();
    expect((await pop.send('GET', path, undefined, { authorization: `Bearer ${token}` })).status).toBe(200);
    const { records } = (await pop.operate('GET', '/registry/audit')).json<{ records: Record<string, unknown>[] }>();
    expect(records[0]).toMatchObject({ change: 'input sample read', details: { model: 'adder' } });
  });

  test('deleted is deleted, and what is asked in the next window is kept again', async () => {
    await sampledOf('adder', xOf(1));
    const deletedMs = Date.now();
    const { rows } = (await pop.operate('DELETE', '/registry/models/adder/sample')).json<{ rows: number }>();
    expect(rows).toBeGreaterThan(0);
    const again = await sampledOf('adder', xOf(1));
    for (const { at } of again.rows) expect(Math.floor(Date.parse(at) / 1000) * 1000).toBeGreaterThan(deletedMs);
  });
});

describe('on the disk of a PoP', () => {
  const mark = 'what a device said';
  const asked = { instances: [{ ...record, type: mark }] };

  /** Runs with a PoP that keeps all it has in a folder. */
  async function withFolder(
    changes: Readonly<Record<string, string>>,
    work: (kept: TestPop, directory: string) => Promise<void>,
  ): Promise<void> {
    const directory = await mkdtemp(join(tmpdir(), 'popserve-sample-'));
    const kept = TestPop.of(await startPop({ directory, port: 0, settings: { ...settings, ...changes } }));
    try {
      await kept.release(await demoPublication());
      await work(kept, directory);
    } finally {
      await kept.stop();
      await rm(directory, { recursive: true });
    }
  }

  async function inferReported(of: TestPop): Promise<void> {
    await eventually(async () => {
      expect((await of.send('POST', `/v2/models/${demoModel.name}/infer`, asked)).status).toBe(200);
      expect((await statusOf(of, demoModel.name)).versions[0]?.inferences).toBeGreaterThanOrEqual(2);
    });
  }

  async function filesWith(directory: string, text: string): Promise<string[]> {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    const found = await Promise.all(paths.map(async (path) => ((await readFile(path)).includes(text) ? [path] : [])));
    return found.flat();
  }

  test('off, nothing of any input is kept or told', () =>
    withFolder({}, async (kept, directory) => {
      await inferReported(kept);
      const { rows, answer } = await sampleOf(kept, demoModel.name);
      expect([rows, answer.headers.get('popserve-sample-seen')]).toEqual([[], '0']);
      expect(await propertiesOf(kept, demoModel.name)).not.toHaveProperty('input_sample');
      expect(await filesWith(directory, mark)).toEqual([]);
    }));

  test('on, inputs are in the object alone, and go when their time is up though nobody asks', () =>
    withFolder(
      { INPUT_SAMPLE: 'machine-failure=5', INPUT_SAMPLE_WINDOW_SECONDS: '1', INPUT_SAMPLE_WINDOWS: '2' },
      async (kept, directory) => {
        await inferReported(kept);
        const files = await eventually(async () => {
          const found = await filesWith(directory, mark);
          expect(found).not.toEqual([]);
          return found;
        });
        for (const file of files) expect(file.slice(directory.length)).toMatch(/^\/do\/popserve-ModelTelemetry\//);
        const database = new DatabaseSync((files[0] ?? '').replace(/-(wal|shm)$/, ''), { readOnly: true });
        try {
          const count = () => database.prepare('SELECT count(*) AS rows FROM sample_rows').get()?.rows;
          expect(count()).toBeGreaterThan(0);
          await eventually(() => expect(count()).toBe(0));
        } finally {
          database.close();
        }
      },
    ));
});
