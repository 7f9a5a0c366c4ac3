import { expect, test } from 'vitest';
import { barChart } from '../../../../scripts/checks/bench/chart.ts';
import type { Chart } from '../../../../scripts/checks/bench/section.ts';

const chart: Chart = {
  title: 'Requests <a second>',
  unit: 'requests/s',
  better: 'more',
  note: 'A note.',
  bars: [
    { name: 'peer & co', value: { median: 1000, low: 900, high: 1100, count: 3 }, isOwn: false },
    { name: 'popserve', value: { median: 2000, low: 1900, high: 2200, count: 3 }, isOwn: true },
  ],
};

test('bars are sorted, in scale, and named with their values', () => {
  const svg = barChart(chart);
  expect(svg.indexOf('>popserve<')).toBeLessThan(svg.indexOf('>peer'));
  const widths = [...svg.matchAll(/<rect class="(own|peer)"[^>]* width="([\d.]+)"/g)].map(([, kind, width]) => [
    kind,
    Number(width),
  ]);
  expect(widths.map(([kind]) => kind)).toEqual(['own', 'peer']);
  expect(Number(widths[0]?.[1])).toBeCloseTo(2 * Number(widths[1]?.[1]), 0);
  expect(svg).toContain('>2,000</text>');
});

test('text is escaped, and the title is told to a screen reader', () => {
  const svg = barChart(chart);
  expect(svg).toContain('aria-label="Requests &lt;a second&gt;"');
  expect(svg).toContain('peer &amp; co');
});

test('it says what is measured, which way is better and whose the green bars are', () => {
  expect(barChart(chart)).toContain('>requests/s; longer is better, green is popserve</text>');
  expect(barChart({ ...chart, better: 'less' })).toContain('>requests/s; shorter is better, green is popserve</text>');
});

test('a long note is wrapped into lines, and the drawing grows with it', () => {
  const note = `${'word '.repeat(40).trimEnd()}.`;
  const lines = [...barChart({ ...chart, note }).matchAll(/<text class="note"[^>]*>([^<]*)</g)].map(
    ([, text = '']) => text,
  );
  expect(lines.slice(1).join(' ')).toBe(`${note} The line on a bar spans the quartiles.`);
  expect(lines.every((line) => line.length <= 70)).toBe(true);
  const heightOf = (svg: string) => Number(/viewBox="0 0 480 (\d+)"/.exec(svg)?.[1]);
  expect(heightOf(barChart({ ...chart, note }))).toBeGreaterThan(heightOf(barChart(chart)));
});
