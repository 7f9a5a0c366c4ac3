// Every link inside the project's pages leads to a file and a heading that exist.
import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/build/project.ts';
import { allPages, anchors, links, readPage } from './markdown.ts';

const pages = allPages();

describe.each(pages)('%s', (path) => {
  it('has no broken link', () => {
    const broken = links(readPage(path)).filter((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : relative(projectRoot, join(projectRoot, dirname(path), file));
      if (!existsSync(join(projectRoot, target))) return true;
      return anchor !== undefined && target.endsWith('.md') && !anchors(readPage(target)).has(anchor);
    });
    expect(broken).toEqual([]);
  });
});

it('README.md and the glossary can be reached: every page of docs/ has a link to it', () => {
  const linked = new Set(
    pages.flatMap((path) =>
      links(readPage(path)).map((link) =>
        relative(projectRoot, join(projectRoot, dirname(path), link.split('#')[0] ?? '')),
      ),
    ),
  );
  expect(pages.filter((path) => path.startsWith('docs/') && !linked.has(path))).toEqual([]);
});
