// The project's own lint rule, as `npm run check` applies it: to the same folders, in a copy of them with one file for each example.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../../scripts/build/project.ts';

const refused = [
  'all.push(...values);',
  'Math.max(0, ...values, 1);',
  'new Set(...values);',
  'text?.concat(...values.map(String));',
  'String.fromCharCode.apply(null, bytes);',
  'f([1], () => g(...values));',
];
const allowed = [
  'f([...values]);',
  'f({ ...values });',
  'f(...[1, 2]);',
  'f((...values) => values);',
  '// biome-ignore lint/plugin: two at most\nf(...values);',
];
const folders = ['worker/protocol', 'registry', 'scripts/cli', 'client'];

const folder = mkdtempSync(join(tmpdir(), 'popserve-lint-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Files with as many refusals. */
const found = new Map<string, number>();
beforeAll(() => {
  const { plugins } = JSON.parse(readFileSync(join(projectRoot, 'biome.json'), 'utf8'));
  write('biome.json', JSON.stringify({ plugins, linter: { rules: { preset: 'none' } } }));
  for (const { path } of plugins) write(path, readFileSync(join(projectRoot, path), 'utf8'));
  for (const each of [...folders, 'test']) {
    for (const [index, code] of [...refused, ...allowed].entries()) write(`${each}/${index}.ts`, `${code}\n`);
  }
  const biome = join(projectRoot, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
  const args = [biome, 'lint', '--reporter=github', '--max-diagnostics=none', '.'];
  const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  for (const [, file = ''] of stdout.matchAll(/title=plugin,file=(.*?),.*overflow the stack/g)) {
    const name = file.replace(`${folder}/`, '');
    found.set(name, (found.get(name) ?? 0) + 1);
  }
});

describe('the rule against values spread into arguments', () => {
  it.each(refused.map((code, index) => [code, index] as const))('refuses %s', (_, index) => {
    for (const each of folders) expect(found.get(`${each}/${index}.ts`), each).toBe(1);
  });

  it.each(allowed.map((code, index) => [code, refused.length + index] as const))('lets pass %s', (_, index) => {
    for (const each of folders) expect(found.get(`${each}/${index}.ts`), each).toBeUndefined();
  });

  it('leaves tests alone, which spread what they list themselves', () => {
    expect([...found.keys()].filter((name) => name.startsWith('test/'))).toEqual([]);
  });
});
