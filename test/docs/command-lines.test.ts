// Every `npx popserve` in a code block of the pages is a command line that the program takes.
import { execFileSync } from 'node:child_process';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { commandTable } from '../../scripts/cli/command-table.ts';
import type { Host } from '../../scripts/cli/host.ts';
import { buildProgram } from '../../scripts/cli/program.ts';
import { allPages, readPage } from './markdown.ts';

const quiet = { env: {}, out: () => {}, err: () => {} } as unknown as Host;

/** The lines of a page's code blocks, with continued lines as one. */
function commandLines(page: string): string[] {
  const blocks = [...readPage(page).matchAll(/^ *```.*?\n(.*?)^ *```$/gms)].map(([, text = '']) => text);
  return blocks
    .flatMap((text) => text.replaceAll(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.trim().replace(/^\$ /, ''))
    .filter((line) => /^(\w+=\S+ )*npx popserve /.test(line));
}

/** The words behind `npx popserve`, as a shell reads them; what would go into a file is not written. */
function words(line: string): string[] {
  const script = `npx() { shift; printf '%s\\0' "$@"; }\n${line.replace(/ > \S+/, '')}`;
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

/** The program with nothing behind its commands: it reads the words and does nothing. */
async function readingProgram(): Promise<Command> {
  const program = await buildProgram(quiet, { status: 0 }, [], commandTable);
  const disarm = (command: Command): void => {
    command.exitOverride();
    if (command.commands.length === 0) command.action(() => {});
    command.commands.forEach(disarm);
  };
  disarm(program);
  return program;
}

describe.each(allPages().filter((page) => commandLines(page).length > 0))('%s', (page) => {
  test.each(commandLines(page))('%s', async (line) => {
    const program = await readingProgram();
    await expect(program.parseAsync(words(line), { from: 'user' })).resolves.toBeDefined();
  });
});
