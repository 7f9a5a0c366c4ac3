import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  compareRuns,
  machineWarning,
  readRecord,
  recordOf,
  writeRecord,
} from '../../../../scripts/checks/bench/compare-runs.ts';
import type { SectionResult } from '../../../../scripts/checks/bench/section.ts';

const machine = {
  processor: 'a processor',
  cores: 2,
  memoryGib: 8,
  system: 'Linux 6',
  load: '0.1',
  versions: {},
  date: '2026-11-24',
};

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'popserve-runs-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function resultOf(values: Record<string, number[]>, title = 'Speed'): SectionResult {
  return { title, how: [], tables: [], figures: [], series: [{ name: 'us', reference: 'peer', values }] };
}

test('a run is compared by what it takes of its peer, whatever else made both slow', () => {
  const then = recordOf(machine, [resultOf({ own: [4, 40, 8], peer: [2, 20, 4] })]);
  const now = recordOf({ ...machine, date: '2026-11-25' }, [resultOf({ own: [30, 3, 6], peer: [30, 3, 6] })]);
  expect(compareRuns(then, now)).toEqual({
    columns: ['measured', 'of', 'then (2026-11-24, load 0.1)', 'now (2026-11-25, load 0.1)', 'now / then'],
    rows: [['Speed: us: own', 'peer', '2 (2–2)', '1 (1–1)', '0.5 (0.5–0.5)']],
  });
});

test('only what both runs have measured is compared', () => {
  const then = recordOf(machine, [resultOf({ own: [1], peer: [1] })]);
  const now = recordOf(machine, [
    resultOf({ own: [1], new: [1], peer: [1] }),
    resultOf({ own: [1], peer: [1] }, 'Other'),
  ]);
  expect(compareRuns(then, now).rows.map(([name]) => name)).toEqual(['Speed: us: own']);
});

test('a section without rounds leaves nothing to compare', () => {
  expect(recordOf(machine, [{ title: 'Speed', how: [], tables: [], figures: [] }]).series).toEqual([]);
});

test('a record is read as it was written', async () => {
  const file = join(folder, 'record.json');
  const record = recordOf(machine, [resultOf({ own: [1, 2], peer: [3, 4] })]);
  await writeRecord(file, record);
  expect(await readRecord(file)).toEqual(record);
});

test('a file that is no record is refused by its name', async () => {
  const file = join(folder, 'other.json');
  await writeFile(file, '{"machine": {}}');
  await expect(readRecord(file)).rejects.toThrow(
    `--compare: '${file}' is not a record that 'npm run bench -- --record FILE' has written`,
  );
  await expect(readRecord(join(folder, 'none.json'))).rejects.toThrow("none.json' cannot be read");
});

test('runs of different machines are told apart', () => {
  const run = recordOf(machine, []);
  expect(machineWarning(run, run)).toBeNull();
  expect(machineWarning(run, recordOf({ ...machine, cores: 4 }, []))).toContain('different machines (a processor, 2');
});
