// Where the registry is and who asks, from the environment. The token is never an argument: process lists show those.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { findProject } from '../build/operator-project.ts';
import { type RunningPop, runningPops } from '../start/running-pops.ts';
import { UsageError } from './usage-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Settings {
  /** Ends with `/`. */
  readonly url: URL;
  /** The variable or option that names the URL, for messages. */
  readonly urlSource: string;
  /** Null if none is known. */
  readonly token: string | null;
  /** Where the token came from or was looked for, for messages. */
  readonly tokenSource: string;
  /** The variable that a token may be set in, for messages. */
  readonly tokenVariable: string;
}

/** The variables that say where a registry is and who asks. */
interface Variables {
  readonly url: string;
  readonly token: string;
}

const usualUrl = 'http://127.0.0.1:8787';

const usual: Variables = { url: 'POPSERVE_URL', token: 'POPSERVE_TOKEN' };

/**
 * POPSERVE_URL and POPSERVE_TOKEN. Without the first, the local PoP of the project that runs, else that of the usual port; for a PoP
 * on this machine without the second, the token of its data folder (POPSERVE_DATA, default `.popserve` in the project), or the
 * ADMIN_TOKEN of the project's .dev.vars.
 * @param variables to read instead
 * @throws {UsageError} if the variable has no http(s) URL, the token cannot be sent, or several local PoPs may be meant
 */
export function readSettings(env: Environment, variables = usual): Settings {
  const given = env[variables.url];
  const running = given || variables !== usual ? undefined : onlyRunning(env);
  const url = readUrl(given || running?.url || usualUrl, variables.url);
  const named = { url, urlSource: variables.url, tokenVariable: variables.token };
  const text = env[variables.token];
  if (text) return { ...named, token: readToken(text, variables.token), tokenSource: variables.token };
  if (!isLoopback(url)) return { ...named, token: null, tokenSource: variables.token };
  const data = running?.data ?? runningHere(env).find((pop) => new URL(pop.url).port === url.port)?.data;
  // wrangler dev takes the token from there. A local PoP that runs has kept it with its data.
  const secrets = join(findProject().folder, '.dev.vars');
  const secret = env.POPSERVE_DATA || data ? undefined : parseEnv(readIfThere(secrets) ?? '').ADMIN_TOKEN;
  if (secret) return { ...named, token: readToken(secret, secrets), tokenSource: secrets };
  const file = join(data ?? defaultDataFolder(env), 'token');
  const content = readIfThere(file);
  return { ...named, token: content === null ? null : readToken(content, file), tokenSource: file };
}

/** The local PoPs of the project, or the one that has the data that are named. */
function runningHere(env: Environment): RunningPop[] {
  const all = runningPops(findProject().folder);
  return env.POPSERVE_DATA ? all.filter(({ data }) => data === defaultDataFolder(env)) : all;
}

/** Among several, the one with the usual data is meant; nothing tells which of others. */
function onlyRunning(env: Environment): RunningPop | undefined {
  const running = runningHere(env);
  const [first, second] = running;
  if (second === undefined) return first;
  const withUsualData = running.find(({ data }) => data === defaultDataFolder(env));
  if (withUsualData !== undefined) return withUsualData;
  const places = running.map(({ url, data }) => `${url} (data in ${data})`).join(', ');
  throw new UsageError(`several local PoPs run: ${places}; say which with POPSERVE_URL`);
}

/** The folder in which the local PoP of the project keeps its registry and its token, unless it is told another. */
export function defaultDataFolder(env: Environment): string {
  return env.POPSERVE_DATA ? resolve(env.POPSERVE_DATA) : join(findProject().folder, '.popserve');
}

/**
 * The actor recorded in the registry's history: POPSERVE_ACTOR, else git's user.name, else the name of the operating system's user.
 * @returns at most 128 printable ASCII characters, as a header can carry them
 */
export function readActor(env: Environment): string {
  const name = env.POPSERVE_ACTOR || gitUser() || systemUser();
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x20-\x7e]/gu, '?');
  return plain.trim().slice(0, 128).trimEnd() || 'unknown';
}

export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function readUrl(text: string, source: string): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new UsageError(`${source}: expected a URL like https://popserve.example.com, got '${text}'`);
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/** Checked here, because fetch would quote a token that it cannot send in its error. */
function readToken(content: string, source: string): string {
  const token = content.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError(`${source}: expected a token of visible ASCII characters without spaces`);
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function gitUser(): string {
  try {
    return execFileSync('git', ['config', 'user.name'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 2000,
    }).trim();
  } catch {
    return '';
  }
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
