// docs/settings.md against what the Worker, the command, the tests and the examples read.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unstable_readConfig } from 'wrangler';
import { projectRoot } from '../../scripts/build/project.ts';
import { settingsSchema } from '../../worker/config.ts';
import { readPage, tableRows } from './markdown.ts';

const page = readPage('docs/settings.md');
const variables = tableRows(page, '| variable | default | values | meaning |').map(
  ([name = '', byDefault = '', values = '']) => ({
    name: name.replaceAll('`', ''),
    byDefault: byDefault.replaceAll('`', ''),
    values,
  }),
);

type Name = keyof typeof settingsSchema.shape;
const accepts = (name: string, value: number) => settingsSchema.shape[name as Name].safeParse(String(value)).success;

it('names every setting of the Worker once, and no other', () => {
  expect(variables.map(({ name }) => name).sort()).toEqual(Object.keys(settingsSchema.shape).sort());
});

it.each(variables)('$name has the default $byDefault', ({ name, byDefault }) => {
  const unset = settingsSchema.parse({})[name as Name];
  if (byDefault === 'none') {
    expect([undefined, '', new Set()]).toContainEqual(unset);
  } else {
    expect(settingsSchema.parse({ [name]: byDefault })[name as Name]).toEqual(unset);
  }
});

const ranges = variables.flatMap(({ name, values }) => {
  const [, least, most] = /^([\d.]+) (?:to ([\d.]+)|or more)$/.exec(values) ?? [];
  return least === undefined ? [] : [{ name, least: Number(least), most: most === undefined ? null : Number(most) }];
});

describe('ranges', () => {
  it('are given for every setting that is a number', () => {
    const numbers = Object.entries(settingsSchema.parse({})).filter(([, value]) => typeof value === 'number');
    expect(ranges.map(({ name }) => name).sort()).toEqual(numbers.map(([name]) => name).sort());
  });

  it.each(ranges)('$name takes $least to $most', ({ name, least, most }) => {
    expect(accepts(name, least)).toBe(true);
    expect(accepts(name, least === 0 ? -1 : least * 0.99)).toBe(false);
    expect(accepts(name, most ?? Number.MAX_SAFE_INTEGER)).toBe(true);
    if (most !== null) expect(accepts(name, most * 1.01)).toBe(false);
  });
});

it('wrangler.toml says in every environment who may ask, and beside that sets what differs from a default', () => {
  const defaults = settingsSchema.parse({});
  for (const env of ['', 'staging', 'production']) {
    const { vars } = unstable_readConfig({ config: join(projectRoot, 'wrangler.toml'), env });
    const { INFERENCE_ACCESS, ARTIFACT_DOWNLOADS, ...others } = vars;
    expect([env, INFERENCE_ACCESS, ARTIFACT_DOWNLOADS]).toEqual([env, 'keyed', 'off']);
    for (const [name, value] of Object.entries(others)) {
      const set = settingsSchema.parse({ [name]: value })[name as Name];
      expect([env, name, set]).not.toEqual([env, name, defaults[name as Name]]);
    }
  }
});

it('names every variable that is read outside the Worker', () => {
  const listed = tableRows(page, '| variable | read by | meaning |').map(([name = '']) => name.replaceAll('`', ''));
  // Set by `npm start` for the process that it starts in its place; the beginning of a name that is put together.
  const internal = new Set(['POPSERVE_RESTARTED', 'POPSERVE_']);
  // The variables of a place that the operator names.
  const general = (name: string) => name.replace(/^POPSERVE_[A-Z_]+_(URL|TOKEN)$/, 'POPSERVE_<NAME>_$1');
  const read = new Set<string>();
  for (const folder of ['scripts', 'test', 'examples']) {
    for (const file of readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })) {
      if (!/\.(ts|mjs|js|py|c|sh)$/.test(file)) continue;
      const source = readFileSync(join(projectRoot, folder, file), 'utf8');
      for (const [name] of source.matchAll(/POPSERVE_[A-Z_]+/g)) if (!internal.has(name)) read.add(general(name));
    }
  }
  expect(listed.sort()).toEqual([...read].sort());
});
