import { expect, test } from 'vitest';
import { barChart } from '../../../../scripts/checks/bench/chart.ts';

const chart = {
  title: 'Requests <a second>',
  unit: 'requests/s',
  note: 'a note',
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
  expect(svg).toContain('>2,000 requests/s</text>');
});

test('text is escaped, and the title is told to a screen reader', () => {
  const svg = barChart(chart);
  expect(svg).toContain('aria-label="Requests &lt;a second&gt;"');
  expect(svg).toContain('peer &amp; co');
});
