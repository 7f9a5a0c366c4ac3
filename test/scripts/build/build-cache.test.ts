import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CachedBuild, cachedBuild } from '../../../scripts/build/build-cache.ts';

let cache: string;
let builds: string[];
beforeEach(() => {
  cache = join(mkdtempSync(join(tmpdir(), 'popserve-cache-')), 'popserve');
  builds = [];
});
afterEach(() => rmSync(join(cache, '..'), { recursive: true }));

function ask(digest: string, during: () => unknown = () => {}): Promise<CachedBuild> {
  return cachedBuild({
    cache,
    name: 'index',
    digest,
    build: async (folder) => {
      builds.push(digest);
      await writeFile(join(folder, 'index.js'), `code of ${digest}`);
      await writeFile(join(folder, 'README.md'), 'not kept');
      await during();
    },
    keeps: (file) => file.endsWith('.js'),
  });
}

const text = ({ files }: CachedBuild) =>
  Object.fromEntries([...files].map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]));

describe('a cached build', () => {
  it('is built once and then found', async () => {
    const first = await ask('a');
    const second = await ask('a');
    expect([text(first), text(second)]).toEqual([{ 'index.js': 'code of a' }, { 'index.js': 'code of a' }]);
    expect(await readFile(join(second.directory, 'index.js'), 'utf8')).toBe('code of a');
    expect(builds).toEqual(['a']);
  });

  it.each([
    ['a file', 'index.js'],
    ['its listing', 'files.json'],
    ['everything', '.'],
  ])('is built again after a cleaner took %s', async (_, lost) => {
    const { directory } = await ask('a');
    rmSync(join(directory, lost), { recursive: true });
    expect(text(await ask('a'))).toEqual({ 'index.js': 'code of a' });
    expect(await readFile(join(directory, 'index.js'), 'utf8')).toBe('code of a');
    await ask('a');
    expect(builds).toEqual(['a', 'a']);
  });

  it('is built again where a file was cut off', async () => {
    const { directory } = await ask('a');
    writeFileSync(join(directory, 'index.js'), 'code');
    expect(text(await ask('a'))).toEqual({ 'index.js': 'code of a' });
  });

  it('leaves alone what other sources made of late, and removes what nobody has used for a week', async () => {
    const { directory: other } = await ask('other');
    const { directory: old } = await ask('old');
    const abandoned = join(cache, 'index-fresh-x');
    const foreign = join(cache, 'tool-1');
    const dayMs = 24 * 60 * 60 * 1000;
    for (const folder of [abandoned, foreign]) mkdirSync(folder);
    for (const folder of [old, abandoned, foreign]) utimesSync(folder, 0, (Date.now() - 8 * dayMs) / 1000);
    utimesSync(other, 0, (Date.now() - 6 * dayMs) / 1000);
    await ask('new');
    expect([other, old, abandoned, foreign].map((folder) => existsSync(folder))).toEqual([true, false, false, true]);
  });

  it('counts as used whenever it is asked for', async () => {
    const { directory } = await ask('a');
    utimesSync(directory, 0, 0);
    await ask('a');
    await ask('b');
    expect(existsSync(directory)).toBe(true);
  });

  it('is the same for two that build at once, and for one whose folder is removed meanwhile', async () => {
    const removed = ask('a', () => rmSync(join(cache, 'index-a'), { recursive: true, force: true }));
    expect((await Promise.all([ask('a'), removed, ask('a')])).map(text)).toEqual(
      new Array(3).fill({ 'index.js': 'code of a' }),
    );
    expect(readdirSync(cache)).toEqual(['index-a']);
  });

  it('leaves nothing behind where the build fails', async () => {
    await expect(ask('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(readdirSync(cache)).toEqual([]);
  });
});
