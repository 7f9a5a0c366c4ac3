// Counts by caller in the BLOB of an open window, which earlier code reads and writes as the counts of all callers.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { callerBucket, unnamedBucket } from '../../../../worker/telemetry/drift/caller-bucket.ts';
import {
  type CallerCounts,
  mergeCallers,
  packCallers,
  totalCounts,
  unpackCallers,
} from '../../../../worker/telemetry/drift/caller-counts.ts';
import '../../../harness/property-seed.ts';

const slots = 7;
const callerCounts = fc.record({
  bucket: fc.integer({ min: unnamedBucket, max: 15 }),
  rows: fc.integer({ min: 1, max: 1_000_000 }),
  counts: fc
    .array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: slots, maxLength: slots })
    .map((counts) => Float64Array.from(counts)),
});
const windows = fc.array(callerCounts, { minLength: 1, maxLength: 40 }).map((parts) => mergeCallers(parts));
const rowsOf = (callers: readonly CallerCounts[]) => callers.reduce((sum, { rows }) => sum + rows, 0);
const sorted = (callers: readonly CallerCounts[]) => [...callers].sort((a, b) => a.bucket - b.bucket);

test('a window is read as it was written, and earlier code finds the counts of all callers at its beginning', () => {
  fc.assert(
    fc.property(windows, (callers) => {
      const packed = packCallers(callers);
      expect(packed.slice(0, slots)).toEqual(totalCounts(callers, slots));
      expect(sorted(unpackCallers(packed, rowsOf(callers)))).toEqual(sorted(callers));
    }),
  );
});

test('what earlier code wrote is of one caller, and stays so when callers are told apart again', () => {
  fc.assert(
    fc.property(windows, windows, (before, after) => {
      const old = unpackCallers(totalCounts(before, slots), rowsOf(before));
      expect(old).toMatchObject([{ bucket: unnamedBucket, rows: rowsOf(before) }]);
      const both = mergeCallers(old, after);
      const read = unpackCallers(packCallers(both), rowsOf(both));
      expect(sorted(read)).toEqual(sorted(both));
      expect(totalCounts(read, slots)).toEqual(totalCounts([...before, ...after], slots));
    }),
  );
});

test('all networks of one IPv6 site are one caller', () => {
  const bucketOf = (id: string) => callerBucket('m', { id, known: false }, 100);
  const networks = Array.from({ length: 300 }, (_, index) => `2001:db8:7:${index.toString(16)}::/64`);
  expect(new Set(networks.map(bucketOf)).size).toBe(1);
  const sites = Array.from({ length: 300 }, (_, index) => `2001:db8:${index.toString(16)}:0::/64`);
  expect(new Set(sites.map(bucketOf)).size).toBe(8);
});

test('callers have one of 8 buckets of their kind, and fewer where a version has many features', () => {
  const bucketsOf = (known: boolean, slots: number) => {
    const buckets = Array.from({ length: 500 }, (_, index) => callerBucket('m', { id: `${index}`, known }, slots));
    return [...new Set(buckets)].sort((a, b) => a - b);
  };
  expect(bucketsOf(false, 100)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(bucketsOf(true, 100)).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
  expect(bucketsOf(false, 8192)).toEqual([0, 1, 2, 3]);
  // The largest baseline there can be.
  expect(bucketsOf(true, 512 * 67)).toEqual([8, 9]);
  expect(callerBucket('m', { id: null, known: false }, 100)).toBe(callerBucket('m', { id: null, known: false }, 100));
});
