// Places in a text are counted in code points, whatever JavaScript counts.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CodePointReader, codePoints } from '../../../worker/pipeline/code-points.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 40 });

describe('code points', () => {
  test('count a surrogate without its other half as one', () => {
    expect(codePoints('a😀\ud800')).toBe(3);
  });

  test('read parts as a list of them does, in any order', () => {
    const range = fc.tuple(fc.nat(45), fc.nat(45)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    fc.assert(
      fc.property(anyText, fc.array(range, { maxLength: 6 }), (text, ranges) => {
        const reader = new CodePointReader(text);
        const points = Array.from(text);
        expect(codePoints(text)).toBe(points.length);
        for (const [start, end] of ranges) expect(reader.slice(start, end)).toBe(points.slice(start, end).join(''));
      }),
    );
  });
});
