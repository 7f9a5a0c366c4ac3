import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countInBins, drawing, escapeText, pathThrough, tick } from '../../../scripts/plots/svg.ts';

test('names from outside are text, not markup', () => {
  expect(escapeText(`<b title="a" lang='b'>&`)).toBe('&lt;b title=&quot;a&quot; lang=&#39;b&#39;&gt;&amp;');
  expect(tick({ x: 1, y: 2 }, 'end', '<1')).toBe('<text class="tick" x="1" y="2" text-anchor="end">&lt;1</text>');
  expect(drawing('plot', { width: 3, height: 4 }, '"x"', '')).toBe(
    '<svg class="plot" viewBox="0 0 3 4" role="img" aria-label="&quot;x&quot;"></svg>',
  );
});

test('a path goes through its points in order', () => {
  const points = [
    { x: 0, y: 1 },
    { x: 2.5, y: 3 },
  ];
  expect(pathThrough(points)).toBe('M0 1L2.5 3');
  expect(pathThrough([])).toBe('');
});

test('every value is in one bin, the ends of the range in the outer ones', () => {
  expect(countInBins([0, 0.5, 1, 2, 4], 0, 4, 4)).toEqual([2, 1, 1, 1]);
  expect(countInBins([7, 7], 7, 7, 3)).toEqual([2, 0, 0]);
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -9, max: 9, noNaN: true })),
      fc.integer({ min: 1, max: 30 }),
      (values, bins) => {
        const counts = countInBins(values, -5, 5, bins);
        return counts.length === bins && counts.reduce((sum, count) => sum + count, 0) === values.length;
      },
    ),
  );
});
