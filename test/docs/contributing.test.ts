// The picture of the tree in CONTRIBUTING.md against the folders, and what the pages say of npm scripts and Node against package.json.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { projectRoot } from '../../scripts/build/project.ts';
import { allPages, readPage, sections } from './markdown.ts';

const tree = (sections(readPage('CONTRIBUTING.md')).get('The tree') ?? '').split('```')[1] ?? '';

/** Folders of the picture inside one of the top level. */
function pictured(top: string): string[] {
  const [, below = ''] = tree.split(new RegExp(`^${top}/.*\\n`, 'm'));
  const inside = below.split(/^\S/m)[0] ?? '';
  return Array.from(inside.matchAll(/^ {2}(\S+)\/ /gm), ([, name = '']) => name);
}

it.each(['worker', 'scripts'])('the tree has every folder of %s/, and no other', (top) => {
  const folders = readdirSync(join(projectRoot, top), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(pictured(top).sort()).toEqual(folders.map(({ name }) => name).sort());
});

it.each(['README.md', 'docs/install.md'])('%s asks for the Node that package.json asks for', (page) => {
  const [, least] = /needs? Node (\d+) or newer/.exec(readPage(page)) ?? [];
  expect(`>=${least}`).toBe(packageJson.engines.node);
});

it('every npm script that a page names exists', () => {
  const named = allPages().flatMap((path) =>
    Array.from(readPage(path).matchAll(/npm run (?:-s )?([\w:-]+)/g), ([, name = '']) => `${path}: ${name}`),
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((each) => !Object.hasOwn(packageJson.scripts, each.split(': ')[1] ?? ''))).toEqual([]);
});

it('the README deploys a project of its own without --env, which is refused there', () => {
  const [, block = ''] = /```sh\n(npx popserve init my-pop\n[\s\S]*?)```/.exec(readPage('README.md')) ?? [];
  expect(block).toContain('npx popserve deploy');
  expect(block).not.toContain('--env');
});
