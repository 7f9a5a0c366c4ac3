// The settings of a local PoP beside those of scripts/local-pop. The wrangler file says how the Worker is deployed, which is closed;
// .dev.vars, which wrangler dev reads too, and the command line say what is otherwise here.
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { basename, join } from 'node:path';
import { parseEnv } from 'node:util';
import { tellUnknownSetting, unknownSettings } from '../../registry/setting-names.ts';
import { localSettings } from '../local-pop/pop.ts';

export interface SettingFlags {
  readonly cors?: string | undefined;
  readonly driftWindow?: number | undefined;
  /** Names that the PoP answers to beside those of this machine. */
  readonly allowHost?: readonly string[] | undefined;
}

/** Whether only processes of this machine reach a server that listens on this host. */
export function isOnlyLocal(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Where neither the wrangler file nor .dev.vars says anything: pages of this machine may ask, that of examples/browser among them. */
export const localDefaults = { CORS_ORIGINS: 'http://127.0.0.1:*,http://localhost:*,http://[::1]:*' };

/**
 * The settings over all others.
 * @param folder of the project, whose .dev.vars are above all but the command line
 */
export async function givenSettings(
  folder: string,
  { cors, driftWindow, allowHost = [] }: SettingFlags,
): Promise<Record<string, string>> {
  const given = parseEnv(await readFile(join(folder, '.dev.vars'), 'utf8').catch(() => '')) as Record<string, string>;
  const hosts = [given.ALLOWED_HOSTS ?? localSettings.ALLOWED_HOSTS, ...allowHost].join(',');
  return {
    ...given,
    ...(allowHost.length === 0 ? {} : { ALLOWED_HOSTS: hosts }),
    ...(cors === undefined ? {} : { CORS_ORIGINS: cors }),
    ...(driftWindow === undefined ? {} : { DRIFT_WINDOW_SECONDS: String(driftWindow) }),
  };
}

/**
 * @param variables names of all that the Worker is given: those of the wrangler file, and of the files that wrangler reads beside it
 * @param given the settings over all others, of which those that popserve does not know stand in .dev.vars
 * @returns a sentence for each that popserve does not know
 */
export function unknownVariables(
  variables: readonly string[],
  { given, config }: { given: Readonly<Record<string, string>>; config: string },
): string[] {
  return unknownSettings(variables).map((unknown) =>
    tellUnknownSetting(
      unknown,
      unknown.name in given ? '.dev.vars' : `${basename(config)} or a file of variables beside it`,
    ),
  );
}
