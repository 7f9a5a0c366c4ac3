// The table of settings in docs/deploy.md against what the Worker reads.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { settingsSchema } from '../../worker/config.ts';

const page = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8');
const table = page.split('| variable | default | meaning |')[1]?.split('\n\n')[0] ?? '';
const documented = table.split('\n').flatMap((line) => {
  const [, names = '', defaults = ''] = /^\| (.*?) \| (.*?) \|/.exec(line) ?? [];
  const given = defaults.split(', ');
  return [...names.matchAll(/`([A-Z_]+)`/g)].map(([, name = ''], index) => [name, given[index] ?? given[0]] as const);
});

it('docs/deploy.md names every setting once, and no other', () => {
  expect(documented.map(([name]) => name).sort()).toEqual(Object.keys(settingsSchema.shape).sort());
});

it('and the defaults of those that are numbers', () => {
  const defaults = Object.entries(settingsSchema.parse({})).filter(([, value]) => typeof value === 'number');
  expect(defaults.length).toBeGreaterThan(15);
  const asDocumented = Object.fromEntries(documented);
  for (const [name, value] of defaults) expect([name, Number(asDocumented[name])]).toEqual([name, value]);
});
