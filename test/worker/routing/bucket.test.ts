// The shares of a rollout: as large as asked, sticky, growing without anybody changing sides, and the same in every release of the code.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucketCount, bucketOf, withinShare } from '../../../worker/routing/bucket.ts';

const keys = 100_000;
const shares = [0, 1, 5, 20, 50, 99, 100];

test.each([
  ['numbered devices', (index: number) => `device-${index}`],
  ['addresses', (index: number) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`],
  ['hexadecimal ids', (index: number) => (index * 2_654_435_761).toString(16).padStart(16, '0')],
])('%s: shares are as large as asked, within one of a hundred of 100,000 keys, for any salt', (_, keyOf) => {
  const property = fc.property(fc.string({ minLength: 1, maxLength: 40 }), (salt) => {
    const counts = shares.map(() => 0);
    for (let index = 0; index < keys; index++) {
      const bucket = bucketOf(salt, keyOf(index));
      shares.forEach((percent, at) => {
        if (withinShare(bucket, percent)) counts[at] = (counts[at] ?? 0) + 1;
      });
    }
    shares.forEach((percent, at) => {
      expect(Math.abs(((counts[at] ?? 0) / keys) * 100 - percent)).toBeLessThan(1);
    });
    expect([counts[0], counts.at(-1)]).toEqual([0, keys]);
  });
  fc.assert(property, { numRuns: 3 });
});

test('a key keeps its side while the share grows', () => {
  const percent = fc.double({ min: 0, max: 100, noNaN: true });
  const property = fc.property(fc.string(), fc.string(), percent, percent, (salt, key, one, other) => {
    const bucket = bucketOf(salt, key);
    expect(bucket).toBe(bucketOf(salt, key));
    expect(bucket).toBeLessThan(bucketCount);
    if (withinShare(bucket, Math.min(one, other))) expect(withinShare(bucket, Math.max(one, other))).toBe(true);
  });
  fc.assert(property);
});

// Computed apart from the code, by a second implementation in Python of FNV-1a (checked against its published vector, "foobar" gives
// bf9cf968) and of MurmurHash3's finaliser. A change of any of them moves devices of running rollouts to the other version.
test.each([
  ['', '', 4203],
  ['pump/2/2', '', 8232],
  ['pump/2/2', 'device-1', 7588],
  ['pump/2/2', 'device-2', 3772],
  ['pump/2/3', 'device-1', 3618],
  ['pump/2/2', '10.0.0.1', 7959],
  ['pump/2026-11-23.1/17', '2001:db8::1', 4661],
  ['pump/2/2', 'Gerät-7', 2284],
  ['a', 'b', 1501],
  ['', 'a\0b', 4689],
  ['pump/2/2', 'k'.repeat(200), 3254],
])('with the salt %j the key %j falls into the bucket that it always had', (salt, key, bucket) => {
  expect(bucketOf(salt, key)).toBe(bucket);
});

test('a share ends exactly at its percentage of the buckets', () => {
  for (const [percent, first] of [
    [0, 0],
    [0.01, 1],
    [5, 500],
    [20, 2000],
    [100, 10_000],
  ] as const) {
    if (first > 0) expect(withinShare(first - 1, percent)).toBe(true);
    expect(withinShare(first, percent)).toBe(false);
  }
});
