// Where the local PoPs of a project listen, as long as their processes live.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { markRunning, runningPops } from '../../../scripts/start/running-pops.ts';

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'popserve-running-'));
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

const pop = { url: 'http://127.0.0.1:9000', data: '/data' };

/** The id of a process that has ended. */
function deadProcess(): number {
  return spawnSync(process.execPath, ['-e', '0']).pid;
}

it('tells of a PoP until it ends', () => {
  expect(runningPops(project)).toEqual([]);
  {
    using _ = markRunning(project, pop);
    expect(runningPops(project)).toEqual([{ ...pop, pid: process.pid }]);
  }
  expect(runningPops(project)).toEqual([]);
});

it('passes over the mark of a process that was killed, and takes it away at the next start', () => {
  const folder = join(project, '.popserve', 'running');
  mkdirSync(folder, { recursive: true });
  const pid = deadProcess();
  writeFileSync(join(folder, `${pid}.json`), JSON.stringify({ ...pop, pid }));
  expect(runningPops(project)).toEqual([]);
  using _ = markRunning(project, pop);
  expect(readdirSync(folder)).toEqual([`${process.pid}.json`]);
});

it('passes over what is no mark', () => {
  using _ = markRunning(project, pop);
  const folder = join(project, '.popserve', 'running');
  writeFileSync(join(folder, '1.json'), '{"url":');
  writeFileSync(join(folder, '2.json'), '{"url":"elsewhere","data":1,"pid":0}');
  expect(runningPops(project)).toHaveLength(1);
});

// The system lets root write everywhere.
it.skipIf(process.getuid?.() === 0)('leaves a project alone that cannot be written to', () => {
  chmodSync(project, 0o500);
  using _ = markRunning(project, pop);
  expect(runningPops(project)).toEqual([]);
  chmodSync(project, 0o700);
});
