// Inference while the Durable Object of the model cannot store anything: requests do not notice, and what they counted arrives
// once it can again.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPop } from '../../../scripts/local-pop/pop.ts';
import { eventually } from '../../harness/eventually.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';
import { statusOf } from './telemetry-object.ts';

const request = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };

let directory: string;
let pop: TestPop;
const logs: string[] = [];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'popserve-away-'));
  const settings = { TELEMETRY_FLUSH_SECONDS: '0', ROUTE_REFRESH_SECONDS: '0' };
  pop = TestPop.of(await startPop({ directory, port: 0, settings, onLog: (line) => void logs.push(line) }));
});
afterAll(async () => {
  await pop.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Another writer on the object's file: the object's own writes fail at once. */
async function takeStorage(): Promise<Disposable> {
  const files = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.sqlite'));
  for (const name of files) {
    const database = new DatabaseSync(join(directory, name));
    const [table] = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'counts'").all();
    if (table !== undefined) {
      database.exec('BEGIN IMMEDIATE');
      return { [Symbol.dispose]: () => database.close() };
    }
    database.close();
  }
  throw new Error(`expected the object's file in ${files.join(', ')}`);
}

let asked = 0;
async function ask(): Promise<void> {
  asked++;
  const answer = await pop.send('POST', '/v2/models/away/infer', request);
  expect(answer.status).toBe(200);
  expect(answer.json()).toMatchObject({ model_version: '1', outputs: [{ data: [11, 12] }] });
}

/** Asks until all is counted but what the last request has just counted itself; nothing is counted twice. */
async function untilCounted(): Promise<void> {
  await eventually(async () => {
    await ask();
    const [counted] = (await statusOf(pop, 'away')).versions;
    expect(counted?.requests).toBeGreaterThanOrEqual(asked - 1);
    expect(counted?.requests).toBeLessThanOrEqual(asked);
  });
}

test('requests do not notice that the object cannot store, and what they counted arrives once, later', async () => {
  await pop.release(adder('away', '1', 10));
  await untilCounted();
  {
    using _ = await takeStorage();
    const failed = () => logs.filter((line) => line.includes('"report-failed"')).length;
    for (const before = failed(); failed() < before + 3; ) await ask();
    expect(logs.some((line) => line.includes('"internal-error"'))).toBe(false);
  }
  await untilCounted();
});
