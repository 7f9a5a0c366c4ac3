// Inference while the Durable Object of the model cannot store anything: requests do not notice, and what they counted arrives
// once it can again.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPop } from '../../../scripts/local-pop/pop.ts';
import { eventually } from '../../harness/eventually.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';
import { openObjectFile } from './kept-object.ts';
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
  const sql = await openObjectFile(directory);
  sql.exec('BEGIN IMMEDIATE');
  return sql;
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
