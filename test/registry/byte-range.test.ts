import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRange } from '../../registry/byte-range.ts';

describe('parseRange', () => {
  it.each([
    ['bytes=0-0', { offset: 0, length: 1 }],
    ['bytes=2-', { offset: 2, length: 8 }],
    ['bytes=2-99', { offset: 2, length: 8 }],
    ['bytes=-3', { offset: 7, length: 3 }],
    ['bytes=-99', { offset: 0, length: 10 }],
  ])('reads %s of 10 bytes', (header, range) => {
    expect(parseRange(header, 10)).toEqual(range);
  });

  it.each([[undefined], ['bytes=-'], ['bytes=5-2'], ['bytes=0-1,4-5'], ['items=0-1'], ['bytes=a-b'], ['']])(
    'ignores %s, as RFC 9110 allows',
    (header) => {
      expect(parseRange(header, 10)).toBe('all');
    },
  );

  it.each([['bytes=10-'], ['bytes=10-12'], ['bytes=-0']])('cannot satisfy %s of 10 bytes', (header) => {
    expect(parseRange(header, 10)).toBe('unsatisfiable');
  });

  it('never leaves the body', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.integer({ min: 1, max: 40 }), (first, last, total) => {
        for (const header of [`bytes=${first}-${last}`, `bytes=${first}-`, `bytes=-${last}`]) {
          const range = parseRange(header, total);
          if (typeof range === 'string') continue;
          expect(range.offset).toBeGreaterThanOrEqual(0);
          expect(range.length).toBeGreaterThan(0);
          expect(range.offset + range.length).toBeLessThanOrEqual(total);
        }
      }),
    );
  });
});
