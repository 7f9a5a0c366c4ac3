// Which command a command line calls, for the messages about one that is not understood.
import { type Command, CommanderError } from 'commander';
import { nearest } from '../../registry/nearest.ts';

export interface CalledCommand {
  readonly command: Command;
  /** The words that call it: `keys create`; none for the program itself. */
  readonly names: readonly string[];
  /** The words behind them. */
  readonly rest: readonly string[];
}

export function calledCommand(program: Command, args: readonly string[]): CalledCommand {
  let command = program;
  let count = 0;
  for (const word of args) {
    const found = command.commands.find((each) => each.name() === word);
    if (found === undefined) break;
    command = found;
    count++;
  }
  return { command, names: args.slice(0, count), rest: args.slice(count) };
}

/**
 * Commander misses a required option before it looks for unknown ones, so that a mistyped one would be told as missing.
 * @returns the error that names the mistyped option, or the error as it came
 */
export function nameMistyped(error: unknown, { command, rest }: CalledCommand): unknown {
  if (!(error instanceof CommanderError) || error.code !== 'commander.missingMandatoryOptionValue') return error;
  const [flag] = command.parseOptions([...rest]).unknown.flatMap((word) => /^--[^=]+/.exec(word) ?? []);
  if (flag === undefined) return error;
  const known = command.options.flatMap(({ long, hidden }) =>
    long === undefined || long === null || hidden ? [] : [long],
  );
  const [meant] = nearest(flag, known).split(', ');
  return new CommanderError(1, 'commander.unknownOption', `unknown option '${flag}' (Did you mean ${meant}?)`);
}
