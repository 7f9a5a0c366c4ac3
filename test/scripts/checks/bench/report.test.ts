import { expect, test } from 'vitest';
import { mebibyte } from '../../../../registry/mebibytes.ts';
import { inMebibytes, markdownPage, number, spread, tableLines } from '../../../../scripts/checks/bench/report.ts';

const machine = {
  processor: 'a processor',
  cores: 2,
  memoryGib: 8,
  system: 'Linux 6',
  load: '0.1',
  versions: { workerd: '1.2.3' },
  date: '2026-11-24',
};

test('numbers have three significant digits and keep what they need of them', () => {
  expect([0.012_34, 1.234, 12.34, 123.4, 12_345, 0].map(number)).toEqual([
    '0.0123',
    '1.23',
    '12.3',
    '123',
    '12,345',
    '0',
  ]);
  expect(inMebibytes(1.5 * mebibyte)).toBe('1.5');
  expect(spread({ median: 2, low: 1, high: 3, count: 9 })).toBe('2 (1–3)');
});

test('a cell cannot break its table', () => {
  expect(tableLines({ columns: ['a'], rows: [['x|y']] })).toEqual(['| a |', '|---|', '| x\\|y |']);
});

test('the page names the machine, gathers the figures of all sections and marks those that were missed', () => {
  const figure = (what: string, met: boolean) => ({ what, reach: '<= 1', measured: '2', met });
  const section = (title: string, met: boolean) => ({
    title,
    how: [],
    tables: [],
    figures: [figure(`of ${title}`, met)],
  });
  const page = markdownPage(machine, [section('first', true), section('second', false)], false);
  const summary = page.slice(page.indexOf('## Figures'), page.indexOf('## first'));
  expect(page).toContain('a processor, 2 cores');
  expect(page).toContain('workerd 1.2.3');
  expect(summary).toContain('| of first | <= 1 | 2 | met |');
  expect(summary).toContain('| figure | goal | measured |');
  expect(summary).toContain('| of second | <= 1 | 2 | **missed**: the reason is not known |');
  expect(page).not.toContain('--quick');
});

test('a missed goal says why, and a chart stands before the figures', () => {
  const figure = { what: 'speed', reach: '<= 1', measured: '2', met: false, reason: 'it copies twice' };
  const chart = { title: 'Requests', unit: '/s', better: 'more' as const, note: '', bars: [] };
  const result = { title: 'first', how: [], tables: [], figures: [figure], chart };
  const page = markdownPage(machine, [result], false, 'benchmarks.svg');
  expect(page).toContain('| speed | <= 1 | 2 | **missed**: it copies twice |');
  expect(page.indexOf('![Requests](benchmarks.svg)')).toBeLessThan(page.indexOf('## Figures'));
  expect(markdownPage(machine, [result], false)).not.toContain('![');
});

test('a quick run says that it is one', () => {
  expect(markdownPage(machine, [], true)).toContain('too few rounds');
});

test('the page tells how long each section and all of them took', () => {
  const section = (title: string, seconds: number) => ({ title, how: [], tables: [], figures: [], seconds });
  const page = markdownPage(machine, [section('first', 60), section('second', 90)], false);
  expect(page).toContain('2026-11-24; the sections took 2.5 minutes');
  expect(page).toContain('- The section took 90 s.');
  const one = { title: 'first', how: [], tables: [], figures: [] };
  expect(markdownPage(machine, [one], false)).not.toContain('took');
});
