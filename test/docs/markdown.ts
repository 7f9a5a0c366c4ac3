// Reads the project's Markdown pages for tests that compare them with the code.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../scripts/build/project.ts';

/** @param path relative to the project */
export function readPage(path: string): string {
  return readFileSync(join(projectRoot, path), 'utf8');
}

/** @returns paths of all pages of the project, relative to it */
export function allPages(): string[] {
  const inside = ['docs', 'examples'].flatMap((folder) =>
    readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  );
  return [...readdirSync(projectRoot), ...inside].filter((path) => path.endsWith('.md'));
}

/**
 * The rows of every table of a page whose head is exactly this.
 * @returns one list of cells per row
 */
export function tableRows(page: string, head: string): string[][] {
  return page
    .trim()
    .split('\n\n')
    .map((block) => block.split('\n'))
    .filter(([first]) => first === head)
    .flatMap((lines) => lines.slice(2).map(cells));
}

/** A bar inside a cell is written `\|`. */
function cells(line: string): string[] {
  return line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.replaceAll('\\|', '|').trim());
}

/** @returns targets of all links that are not addresses of the web */
export function links(page: string): string[] {
  return [...withoutCode(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** @returns the anchors of all headings, as GitHub makes them */
export function anchors(page: string): Set<string> {
  const headings = withoutCode(page).matchAll(/^#+ (.*)$/gm);
  return new Set(
    Array.from(headings, ([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function withoutCode(page: string): string {
  return page.replace(/^( *)```.*?^\1```$/gms, '');
}

/** @returns the text below each heading of the second level, by heading */
export function sections(page: string): Map<string, string> {
  return new Map(
    page
      .split(/^## /m)
      .slice(1)
      .map((section) => {
        const [heading = '', ...rest] = section.split('\n');
        return [heading, rest.join('\n')] as const;
      }),
  );
}
