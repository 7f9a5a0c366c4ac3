// docs/command.md against the command line: every command, argument, option and default.
import type { Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { commandTable } from '../../scripts/cli/command-table.ts';
import type { Host } from '../../scripts/cli/host.ts';
import { buildProgram } from '../../scripts/cli/program.ts';
import { readPage, sections, tableRows } from './markdown.ts';

const page = readPage('docs/command.md');
const optionsHead = '| option | default | meaning |';

interface Leaf {
  readonly name: string;
  readonly usage: string;
  readonly options: readonly Option[];
}

const nobody: Host = {
  env: {},
  out: () => {},
  err: () => {},
} as unknown as Host;

function leaves(command: Command, path: readonly string[] = []): Leaf[] {
  return command.commands.flatMap((each) => {
    const names = [...path, each.name()];
    if (each.commands.length > 0) return leaves(each, names);
    const args = each.registeredArguments.map((arg) => (arg.required ? `<${arg.name()}>` : `[${arg.name()}]`));
    return [
      {
        name: names.join(' '),
        usage: [...names, ...args].join(' '),
        options: each.options.filter(({ hidden }) => !hidden),
      },
    ];
  });
}

const program = await buildProgram(nobody, { status: 0 }, [], commandTable);
const commands = leaves(program);
const bySection = sections(page);

function documented(heading: string): { flags: string; byDefault: string }[] {
  return tableRows(bySection.get(heading) ?? '', optionsHead).map(([flags = '', byDefault = '']) => ({
    flags: flags.replaceAll('`', ''),
    byDefault: byDefault.replaceAll('`', ''),
  }));
}

const routeCommands = new Set(
  Array.from((bySection.get('Commands that change a route') ?? '').matchAll(/`([a-z]+)`/g), ([, name = '']) => name),
);
const changesRoute = (name: string) => (routeCommands.has(name) ? documented('Commands that change a route') : []);

it('lists every command with its arguments', () => {
  const listed = tableRows(page, '| command | does |').map(([usage = '']) => usage.replaceAll('`', ''));
  expect(listed.sort()).toEqual(commands.map(({ usage }) => usage).sort());
});

it('has no section for anything else', () => {
  const names = new Set(commands.map(({ name }) => name));
  const general = ['Commands', 'Every command', 'Commands that change a route'];
  expect([...bySection.keys()].filter((heading) => !names.has(heading) && !general.includes(heading))).toEqual([]);
});

it('has the options of publish in the groups of its help', () => {
  const publish = commands.find(({ name }) => name === 'publish');
  const inHelp = Object.groupBy(publish?.options ?? [], ({ helpGroupHeading = '' }) => helpGroupHeading);
  const grouped = (bySection.get('publish') ?? '').split(/^### /m).slice(1);
  const inPage = grouped.map((part) => {
    const flags = tableRows(part, optionsHead).map(([option = '']) => option.replaceAll('`', ''));
    return [`${part.slice(0, part.indexOf('\n'))}:`, flags.toSorted()] as const;
  });
  const told = Object.entries(inHelp).map(
    ([heading, options = []]) =>
      [
        heading,
        options
          .map(({ flags }) => flags)
          .filter((flags) => flags !== '--json')
          .toSorted(),
      ] as const,
  );
  expect(inPage).toEqual(told.filter(([, flags]) => flags.length > 0));
});

describe.each(commands)('$name', ({ name, options }) => {
  const rows = [...documented('Every command'), ...changesRoute(name), ...documented(name)];

  it('has the options of the program', () => {
    expect(rows.map(({ flags }) => flags).sort()).toEqual(options.map(({ flags }) => flags).sort());
  });

  it('has their defaults', () => {
    for (const option of options) {
      const { byDefault = '' } = rows.find(({ flags }) => flags === option.flags) ?? {};
      const told = option.defaultValue ?? /\(default: ([^)]*)\)$/.exec(option.description)?.[1];
      if (told !== undefined && option.negate === false)
        expect([option.flags, byDefault]).toEqual([option.flags, `${told}`]);
      expect([option.flags, byDefault === 'required']).toEqual([option.flags, option.mandatory]);
    }
  });
});
