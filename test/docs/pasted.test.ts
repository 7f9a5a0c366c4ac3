// A command that a page, a message or a template shows can be pasted as it stands: it begins with npx.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../../scripts/build/project.ts';
import { commandTable } from '../../scripts/cli/command-table.ts';
import { allPages, readPage } from './markdown.ts';

const names = commandTable.map(({ name }) => name);
const bare = `(?<!npx |npx --no )\\bpopserve (?:${names.join('|')})\\b`;

/** Inline code, and lines of code blocks. A picture of what commands do is no line to paste. */
function bareInPage(text: string): string[] {
  const inline = [...text.matchAll(new RegExp(`\`${bare}[^\`]*\``, 'g'))];
  const lines = [...text.matchAll(new RegExp(`^ *(?:\\$ )?(?:\\w+=\\S+ )*${bare}(?!.*[─►]).*$`, 'gm'))];
  return [...inline, ...lines].map(([found]) => found);
}

/** In texts of the code; comments speak of commands by their names. */
function bareInCode(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => !/^\s*(\/\/|\/?\*|#)/.test(line) && !/^\s*('[\w:]+'|\w+): 'popserve \w+',$/.test(line))
    .filter((line) => new RegExp(bare).test(line.replace(/\s\/\/ .*$/, '')))
    .map((line) => line.trim());
}

function filesOf(folder: string, ending: RegExp): string[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => ending.test(name) && !/derived|node_modules|\bdist\b/.test(name));
}

describe('pages', () => {
  // These tell what commands do, and have nothing to paste.
  const told = new Set(['CHANGELOG.md', 'CONTRIBUTING.md']);

  test.each([...allPages().filter((page) => !told.has(page)), 'scripts/init/template/README.md'])('%s', (page) => {
    expect(bareInPage(readPage(page))).toEqual([]);
  });

  test('are read as they are written', () => {
    expect(bareInPage('see `popserve list` and `npx popserve show m`')).toEqual(['`popserve list`']);
    expect(bareInPage('```sh\npopserve list\nnpx popserve list\nA=b popserve show m\n```')).toHaveLength(2);
  });
});

test('messages of the code', () => {
  const files = [
    ...['worker', 'scripts', 'client', 'registry'].flatMap((folder) => filesOf(folder, /\.(tsx?|mjs|js)$/)),
    ...filesOf('examples', /\.(m?js|sh|py|c|html|yml|toml)$/),
    ...filesOf('scripts/init', /\.(toml|yml|txt)$/),
  ];
  expect(files.length).toBeGreaterThan(400);
  const found = files.flatMap((file) =>
    bareInCode(readFileSync(join(projectRoot, file), 'utf8')).map((line) => `${file}: ${line}`),
  );
  expect(found).toEqual([]);
});
