// The table that the help is made of, against the commands themselves.
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { calledCommands, commandTable } from '../../../scripts/cli/command-table.ts';
import type { Host } from '../../../scripts/cli/host.ts';
import { buildProgram } from '../../../scripts/cli/program.ts';

const nobody = { env: {}, out: () => {}, err: () => {} } as unknown as Host;

const build = (called = commandTable): Promise<Command> => buildProgram(nobody, { status: 0 }, [], called);

function usages(program: Command): string[] {
  return program.commands.map((command) => {
    const args = command.registeredArguments.map((arg) => (arg.required ? `<${arg.name()}>` : `[${arg.name()}]`));
    return [command.name(), ...args].join(' ');
  });
}

describe('the table of commands', () => {
  it('has every command of the modules, with its arguments', async () => {
    const listed = commandTable.map(({ name, args }) => `${name} ${args}`.trim());
    expect(usages(await build()).toSorted()).toEqual(listed.toSorted());
  });

  it('makes the same help whether the commands are complete or not', async () => {
    const lines = (program: Command) => program.helpInformation().split('\n').toSorted();
    expect(lines(await build([]))).toEqual(lines(await build()));
  });

  it.each(commandTable)('loads what completes $name', async (entry) => {
    const program = await build([entry]);
    const command = program.commands.find((each) => each.name() === entry.name);
    expect(command?.description()).not.toBe('');
    expect(program.commands.map((each) => each.name()).toSorted()).toEqual(
      commandTable.map(({ name }) => name).toSorted(),
    );
  });

  it.each([
    [['list'], ['list']],
    [['list', '--json'], ['list']],
    [['help', 'publish'], ['publish']],
    [['keys', 'create', 'list'], ['keys']],
    [['--help'], []],
    [['help'], []],
    [['nonsense'], []],
    [[], []],
  ])('finds what %j calls', (args, called) => {
    expect(calledCommands(args).map(({ name }) => name)).toEqual(called);
  });
});
