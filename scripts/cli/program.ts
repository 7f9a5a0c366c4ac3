// The command line: all commands, and how each call of one ends.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { PopserveError } from '../../registry/errors.ts';
import { projectRoot } from '../build/project.ts';
import { type CalledCommand, calledCommand, nameMistyped } from './called-command.ts';
import { type CommandEntry, calledCommands, commandTable } from './command-table.ts';
import type { Execute } from './context.ts';
import { helpConfiguration, usualColumns } from './help.ts';
import type { Host } from './host.ts';
import { TerminalProgress } from './progress.ts';
import { Screen } from './screen.ts';
import { UsageError } from './usage-error.ts';
import { type NamedThings, namedBy, withWhatExists } from './what-exists.ts';

/** Exit statuses. */
const done = 0;
const failed = 1;
const wrongUsage = 2;

const environmentHelp = `
Environment:
  POPSERVE_URL    the PoP to talk to (default: the local one that runs)
  POPSERVE_TOKEN  the operator's token (default: the local PoP's)
  POPSERVE_DATA   the local PoP's folder (default: the project's .popserve)
  POPSERVE_<NAME>_URL, POPSERVE_<NAME>_TOKEN
                  another place, for --from and --to: STAGING for staging
  POPSERVE_ACTOR  who you are, for the history (default: git's user.name)
  POPSERVE_DEBUG  1 shows where an error came from

Exit status: 0 done, 1 failed, 2 wrong usage.`;

/**
 * Runs one command line to its end and prints its report or its error.
 * @param args without the names of the runtime and the script
 * @returns the exit status
 */
export async function run(args: readonly string[], host: Host): Promise<number> {
  const ending = { status: done };
  let called: CalledCommand = { command: new Command(), names: [], rest: args };
  try {
    const program = await buildProgram(host, ending, args, calledCommands(args));
    called = calledCommand(program, args);
    await program.parseAsync([...args], { from: 'user' });
    return ending.status;
  } catch (error) {
    // Commander ends help and --version with an error, too.
    if (error instanceof CommanderError && error.exitCode === 0) return done;
    return printError(nameMistyped(error, called), { args, called }, host);
  }
}

/**
 * @param ending gets the exit status of a command that reported a failure
 * @param args the words of the command line, for messages
 * @param called the commands that are complete; the others have a name and a summary for the help
 */
export async function buildProgram(
  host: Host,
  ending: { status: number },
  args: readonly string[],
  called: readonly CommandEntry[],
): Promise<Command> {
  const screen = new Screen(host);
  const program = new Command('popserve')
    .description('Releases models to the points of presence and looks after them.')
    .version(packageVersion(), '-V, --version')
    // Without it `publish --version v2` would be the program's own --version.
    .enablePositionalOptions()
    .addHelpText('after', environmentHelp)
    .exitOverride()
    .configureHelp(helpConfiguration)
    .commandsGroup('Other:')
    .configureOutput({
      getOutHelpWidth: () => host.screenColumns ?? usualColumns,
      getErrHelpWidth: () => host.terminalColumns ?? usualColumns,
      writeOut: (text) => screen.help(text),
      writeErr: (text) => screen.details(text.trimEnd()),
      outputError: () => {},
    });

  let named: NamedThings = {};
  program.hook('preAction', (_, called) => {
    named = namedBy(called);
  });
  const execute: Execute = async ({ json }, work) => {
    const progress = new TerminalProgress(host);
    // It brings the schemas of the control plane, which no help needs.
    const { createContext } = await import('./context.ts');
    const context = createContext(host, progress, args);
    try {
      const report = await work(context).catch(async (error) => {
        throw await withWhatExists(error, context.registry, named);
      });
      progress.end();
      screen.report(report, json ?? false);
      if (report.failed) ending.status = failed;
    } finally {
      progress.end();
    }
  };
  for (const module of new Set(called.map((entry) => entry.module))) (await module())(program, execute, host);
  const complete = new Map(program.commands.map((command) => [command.name(), command]));
  for (const { name, args: usage, summary, group } of commandTable) {
    const command = complete.get(name) ?? program.command(`${name} ${usage}`);
    command.summary(summary).helpGroup(group);
  }
  return program;
}

function printError(
  error: unknown,
  { args, called }: { args: readonly string[]; called: CalledCommand },
  host: Host,
): number {
  const usage = error instanceof CommanderError || error instanceof UsageError;
  // Commander has shown the help already if there were no words at all.
  if (error instanceof CommanderError && error.code === 'commander.help') return wrongUsage;
  const screen = new Screen(host);
  const message = messageOf(error);
  if (args.some((word) => word === '--json' || word.startsWith('--json='))) {
    const code = error instanceof PopserveError ? error.code : usage ? 'USAGE' : 'INTERNAL';
    screen.json({ error: message, code });
  } else {
    screen.error(`popserve: ${message}${usage ? adviseHelp(called) : ''}`);
  }
  if (host.env.POPSERVE_DEBUG === '1' && error instanceof Error) screen.details(debugText(error));
  return usage ? wrongUsage : failed;
}

function adviseHelp({ names }: CalledCommand): string {
  // `help` takes one name.
  return `; see 'npx popserve ${names.length > 1 ? [...names, '--help'].join(' ') : ['help', ...names].join(' ')}'`;
}

/** One line, without commander's own `error:`. */
function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/\.$/, '');
}

function debugText(error: Error): string {
  return error.cause instanceof Error ? `${error.stack}\ncaused by ${error.cause.stack}` : (error.stack ?? '');
}

function packageVersion(): string {
  const { version }: { version: string } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
  return version;
}
