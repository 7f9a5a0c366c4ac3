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

  it('gives the bytes that are named and there, and no others', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.integer({ min: 0, max: 40 }), (first, last, total) => {
        const body = Array.from({ length: total }, (_, at) => at);
        const named = [
          { header: `bytes=${first}-`, bytes: body.filter((at) => at >= first) },
          { header: `bytes=-${last}`, bytes: body.filter((at) => at >= total - last) },
          ...(first > last
            ? []
            : [{ header: `bytes=${first}-${last}`, bytes: body.filter((at) => at >= first && at <= last) }]),
        ];
        for (const { header, bytes } of named) {
          const range = parseRange(header, total);
          const given = typeof range === 'string' ? range : body.slice(range.offset, range.offset + range.length);
          expect(given, header).toEqual(bytes.length === 0 ? 'unsatisfiable' : bytes);
          if (typeof range !== 'string') expect(range.length).toBe(bytes.length);
        }
      }),
    );
  });
});
