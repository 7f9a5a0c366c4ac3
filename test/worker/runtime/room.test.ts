import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Manifest } from '../../../registry/manifest.ts';
import { chooseVictims, fastNeed, leanNeed } from '../../../worker/runtime/room.ts';
import { sampleRelease } from '../../registry/sample-release.ts';

const entry = (name: string, needBytes: number, lastUsed: number) => ({ name, needBytes, lastUsed });
const entries = [entry('middle', 20, 2), entry('newest', 30, 3), entry('oldest', 10, 1)];

test.each([
  [-5, []],
  [0, []],
  [1, ['oldest']],
  [10, ['oldest']],
  [11, ['oldest', 'middle']],
  [60, ['oldest', 'middle', 'newest']],
  [61, null],
])('%i bytes to free: %j give way, those used longest ago first', (bytes, names) => {
  expect(chooseVictims(entries, bytes)?.map(({ name }) => name) ?? null).toEqual(names);
});

test('nothing gives way where nothing is loaded', () => {
  expect(chooseVictims([], 0)).toEqual([]);
  expect(chooseVictims([], 1)).toBeNull();
});

test('whatever is loaded: the victims free enough, none of them is needless, and none was used after one that stays', () => {
  const loaded = fc.uniqueArray(fc.record({ needBytes: fc.nat(100), lastUsed: fc.nat(1000) }), {
    selector: ({ lastUsed }) => lastUsed,
    maxLength: 8,
  });
  const sum = (some: readonly { needBytes: number }[]) => some.reduce((bytes, { needBytes }) => bytes + needBytes, 0);
  fc.assert(
    fc.property(loaded, fc.nat(500), (all, bytes) => {
      const victims = chooseVictims(all, bytes);
      if (victims === null) {
        expect(sum(all)).toBeLessThan(bytes);
        return;
      }
      expect(sum(victims)).toBeGreaterThanOrEqual(bytes);
      if (victims.length > 0) expect(sum(victims.slice(0, -1))).toBeLessThan(bytes);
      const latestVictim = Math.max(-1, ...victims.map(({ lastUsed }) => lastUsed));
      const stay = all.filter((each) => !victims.includes(each));
      for (const { lastUsed } of stay) expect(lastUsed).toBeGreaterThan(latestVictim);
    }),
  );
});

const { manifest } = await sampleRelease('m', '1');
function measured(profiles: Manifest['runtime']['profiles']): Manifest {
  return { ...manifest, runtime: { ...manifest.runtime, profiles } };
}
const profile = (heapBytes: number, runMs: number) => ({ heapBytes, runMs, createMs: 1 });

test.each([
  ['lean and fast, fast is faster', measured({ lean: profile(10, 1), fast: profile(20, 0.95) }), 20],
  ['lean and fast, fast is hardly faster', measured({ lean: profile(10, 1), fast: profile(20, 0.96) }), null],
  ['lean alone', measured({ lean: profile(10, 1) }), null],
  ['fast alone', measured({ fast: profile(20, 1) }), 20],
])('the profile fast where publishing measured %s', (_, published, bytes) => {
  expect(fastNeed(published)).toBe(bytes);
});

test.each([
  ['as it was measured', measured({ lean: profile(10, 1) }), 10],
  ['four times an .onnx file that was not', withFile('onnx', 100), 400],
  ['a tenth more than an .ort file that was not, rounded up', withFile('ort', 101), 112],
])('a version needs room %s', (_, published, bytes) => {
  expect(leanNeed(published)).toBe(bytes);
});

function withFile(format: 'ort' | 'onnx', bytes: number): Manifest {
  const model = { ...manifest.artifacts.model, format, bytes };
  return { ...measured({}), artifacts: { ...manifest.artifacts, model } };
}
