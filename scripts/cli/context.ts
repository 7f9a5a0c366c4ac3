// The surroundings of every command, and how it is run: made once per call of the command line.
import { Connection } from './connection.ts';
import type { Host } from './host.ts';
import type { TerminalProgress } from './progress.ts';
import { RegistryClient } from './registry-client.ts';
import type { Report } from './report.ts';
import { readActor, readSettings } from './settings.ts';
import { shellLine } from './shell-words.ts';

export interface Context {
  readonly host: Host;
  readonly connection: Connection;
  readonly registry: RegistryClient;
  readonly progress: TerminalProgress;
  /** The same command line with more options, to be pasted into a shell. */
  again(options: readonly string[]): string;
}

/** Runs the work of a command and prints its report; `json` asks for the machine-readable form. */
export type Execute = (options: { json?: boolean }, work: (context: Context) => Promise<Report>) => Promise<void>;

/**
 * @param args the words of the command line
 * @throws {UsageError} if the environment does not say where the PoP is
 */
export function createContext(host: Host, progress: TerminalProgress, args: readonly string[]): Context {
  const connection = new Connection(readSettings(host.env), (ms) => {
    progress.step('no answer yet, trying again');
    return host.wait(ms);
  });
  let actor: string | undefined;
  const registry = new RegistryClient(connection, () => {
    actor ??= readActor(host.env);
    return actor;
  });
  const again = (options: readonly string[]) => {
    // Words behind '--' are no options.
    const end = args.includes('--') ? args.indexOf('--') : args.length;
    return shellLine(['popserve', ...args.slice(0, end), ...options, ...args.slice(end)]);
  };
  return { host, connection, registry, progress, again };
}
