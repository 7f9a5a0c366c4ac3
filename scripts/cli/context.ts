// The surroundings of every command, and how it is run: made once per call of the command line.

import { shellLine } from '../../registry/shell-words.ts';
import { Connection } from './connection.ts';
import type { Host } from './host.ts';
import type { TerminalProgress } from './progress.ts';
import { RegistryClient } from './registry-client.ts';
import type { Report } from './report.ts';
import { readActor, readSettings, type Settings } from './settings.ts';

export interface Context {
  readonly host: Host;
  readonly connection: Connection;
  readonly registry: RegistryClient;
  readonly progress: TerminalProgress;
  /** The same command line with more options, to be pasted into a shell. */
  again(options: readonly string[]): string;
  /** The same command at another place. */
  at(settings: Settings): Context;
}

/** Runs the work of a command and prints its report; `json` asks for the machine-readable form. */
export type Execute = (options: { json?: boolean }, work: (context: Context) => Promise<Report>) => Promise<void>;

/**
 * @param args the words of the command line
 * @throws {UsageError} if the environment does not say where the PoP is
 */
export function createContext(host: Host, progress: TerminalProgress, args: readonly string[]): Context {
  let actor: string | undefined;
  const readActorOnce = () => {
    actor ??= readActor(host.env);
    return actor;
  };
  const again = (options: readonly string[]) => {
    // Words behind '--' are no options.
    const end = args.includes('--') ? args.indexOf('--') : args.length;
    return shellLine(['npx', 'popserve', ...args.slice(0, end), ...options, ...args.slice(end)]);
  };
  const at = (settings: Settings): Context => {
    const connection = new Connection(settings, (ms) => {
      progress.step('no answer yet, trying again');
      return host.wait(ms);
    });
    return { host, connection, registry: new RegistryClient(connection, readActorOnce), progress, again, at };
  };
  return at(readSettings(host.env));
}
