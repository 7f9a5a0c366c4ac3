// What every command works with, and how it is run: made once per call of the command line.
import { Connection } from './connection.ts';
import type { Host } from './host.ts';
import type { TerminalProgress } from './progress.ts';
import { RegistryClient } from './registry-client.ts';
import type { Report } from './report.ts';
import { readActor, readSettings } from './settings.ts';

export interface Context {
  readonly host: Host;
  readonly connection: Connection;
  readonly registry: RegistryClient;
  readonly progress: TerminalProgress;
}

/** Runs the work of a command and prints its report; `json` asks for the machine-readable form. */
export type Execute = (options: { json?: boolean }, work: (context: Context) => Promise<Report>) => Promise<void>;

/** @throws {UsageError} if the environment does not say where the PoP is */
export function createContext(host: Host, progress: TerminalProgress): Context {
  const connection = new Connection(readSettings(host.env), (ms) => {
    progress.step('no answer yet, trying again');
    return host.wait(ms);
  });
  let actor: string | undefined;
  const registry = new RegistryClient(connection, () => {
    actor ??= readActor(host.env);
    return actor;
  });
  return { host, connection, registry, progress };
}
