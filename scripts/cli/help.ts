// How the help of a command looks: it fits a terminal of 80 columns, and says which options must be given.
import { type Command, Help, type HelpConfiguration, type Option } from 'commander';

/** Where the output is no terminal, so that it is the same everywhere. */
export const usualColumns = 80;

const commanders = new Help();

export const helpConfiguration: HelpConfiguration = {
  /** Without `[options]`, which every command has: the descriptions get the room. */
  subcommandTerm: (command: Command) => [command.name(), ...command.registeredArguments.map(argumentTerm)].join(' '),
  optionDescription: (option: Option) =>
    `${commanders.optionDescription(option)}${option.mandatory ? ' (required)' : ''}`,
};

function argumentTerm(argument: { name(): string; readonly required: boolean }): string {
  return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
}
