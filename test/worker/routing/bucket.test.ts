// The shares of a rollout: as large as asked, sticky, and growing without anybody changing sides.
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
