// Places by name: `staging` stands for the URL and the token in POPSERVE_STAGING_URL and POPSERVE_STAGING_TOKEN. Tokens come from the
// environment alone, because process lists show arguments.
import { InvalidArgumentError } from 'commander';
import { isLoopback, readSettings, type Settings } from './settings.ts';
import { UsageError } from './usage-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** For commander: a place is a URL or a name. */
export function parsePlace(text: string): string {
  if (/^[a-z][a-z0-9_-]{0,63}$/i.test(text)) return text;
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return text;
  throw new InvalidArgumentError('expected a name like staging, or an http(s) URL.');
}

/**
 * Where a place is and which token opens it. A URL must be known by a name or as POPSERVE_URL, or be on this machine: no token is
 * sent to a place that it was not set for.
 * @param option the option that named the place, for messages
 * @throws {UsageError} naming the variable that is missing
 */
export function readPlace(env: Environment, place: string, option: string): Settings {
  const settings = URL.canParse(place) ? settingsOfUrl(env, place, option) : settingsOfName(env, place, option);
  const { url, urlSource, token } = settings;
  if (token === null) {
    throw new UsageError(`${option} ${place}: ${settings.tokenVariable} is not set; set it to the token of ${url}`);
  }
  if (url.protocol === 'http:' && !isLoopback(url)) {
    throw new UsageError(
      `${urlSource}: expected an https URL, because the operator's token is sent to it, got '${url}'`,
    );
  }
  return settings;
}

/** @throws {UsageError} if both are one place */
export function requireTwoPlaces(from: Settings, to: Settings): void {
  if (from.url.href !== to.url.href) return;
  throw new UsageError(`${from.urlSource} and ${to.urlSource} are the same place, ${to.url}; expected two`);
}

function settingsOfName(env: Environment, name: string, option: string): Settings {
  const variables = variablesOf(name);
  if (env[variables.url]) return readSettings(env, variables);
  throw new UsageError(`${option} ${name}: ${variables.url} is not set; set it to the URL of ${name}`);
}

function settingsOfUrl(env: Environment, text: string, option: string): Settings {
  const own = { ...readSettings({ ...env, POPSERVE_URL: text }), urlSource: option };
  const usual = readSettings(env);
  if (usual.url.origin === own.url.origin) return { ...own, token: usual.token, tokenSource: usual.tokenSource };
  for (const name of namesIn(env)) {
    const known = readSettings(env, variablesOf(name));
    if (known.url.origin === own.url.origin) return { ...known, url: own.url, urlSource: option };
  }
  if (isLoopback(own.url)) return readSettings({ ...env, POPSERVE_URL: text, POPSERVE_TOKEN: undefined });
  throw new UsageError(
    `${option} ${text}: no token is set for it; name the place, as in ${option} production with POPSERVE_PRODUCTION_URL and POPSERVE_PRODUCTION_TOKEN`,
  );
}

function namesIn(env: Environment): string[] {
  return Object.keys(env).flatMap((variable) => {
    const [, name] = /^POPSERVE_(\w+)_URL$/.exec(variable) ?? [];
    return name === undefined || !env[variable] ? [] : [name];
  });
}

function variablesOf(name: string): { url: string; token: string } {
  const word = name.toUpperCase().replaceAll('-', '_');
  return { url: `POPSERVE_${word}_URL`, token: `POPSERVE_${word}_TOKEN` };
}
