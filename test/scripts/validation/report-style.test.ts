import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { storyStyle } from '../../../scripts/demo/story/report-style.ts';
import { reportStyle } from '../../../scripts/validation/report-style.ts';

const projectRoot = join(import.meta.dirname, '../../..');
const rootOf = (style: string) => style.slice(style.indexOf(':root'), style.indexOf('}'));
const colours = (style: string) =>
  new Map([...rootOf(style).matchAll(/(--[a-z0-9-]+): ([^;]+);/g)].map(([, name = '', value = '']) => [name, value]));

test('reports have the colours of the console', () => {
  const console = colours(readFileSync(join(projectRoot, 'worker/console/style.css'), 'utf8'));
  const report = colours(reportStyle);
  const shared = [...report].filter(([name]) => console.has(name));
  expect(shared.length).toBeGreaterThanOrEqual(10);
  expect(shared.filter(([name, value]) => console.get(name) !== value)).toEqual([]);
});

test('every colour that a report uses is declared', () => {
  const style = reportStyle + storyStyle;
  const used = new Set([...style.matchAll(/var\((--[a-z0-9-]+)\)/g)].map(([, name]) => name));
  const declared = new Set([...style.matchAll(/(--[a-z0-9-]+):/g)].map(([, name]) => name));
  expect([...used].filter((name) => !declared.has(name))).toEqual([]);
});
