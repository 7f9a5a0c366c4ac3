// What speaks against deploying an environment, by what its file says and what is at hand. Pure: nothing is asked of anybody.
import { basename } from 'node:path';
import { mebibytes } from '../../registry/mebibytes.ts';
import { tellUnknownSetting, unknownSettings } from '../../registry/setting-names.ts';
import type { BundleSize } from './bundle-size.ts';
import type { Found } from './look.ts';
import { secondEngineFaults } from './second-engine.ts';
import type { Target } from './target.ts';

export interface Finding {
  /** `stop` ends the deployment before anything is made. */
  readonly level: 'stop' | 'note';
  readonly text: string;
}

export interface Circumstances {
  /** An open data plane is meant. */
  readonly allowOpen: boolean;
  /** Where the deployed Worker answers, if somebody said so. */
  readonly url: string | undefined;
  /** Nobody reads what is printed now and keeps it; logs do. */
  readonly unattended: boolean;
  /** Values that were given for secrets. */
  readonly given: ReadonlyMap<string, string>;
}

/** The bindings without which popserve does not start. */
const needed = { buckets: 'MODELS', namespaces: 'ROUTES' } as const;

/** Fewer characters can be guessed. */
const shortestSecret = 16;

export function checkTarget(target: Target, { allowOpen, url, given }: Circumstances): Finding[] {
  const file = basename(target.config);
  const where = target.environment === '' ? `the top level of ${file}` : `[env.${target.environment}] of ${file}`;
  const { vars, environment, environments } = target;
  const bucket = target.buckets.find(({ binding }) => binding === needed.buckets)?.name;
  const engine = secondEngineFaults(target.litert, file, bucket);
  const findings: (Finding | false)[] = [
    ...Object.entries(needed).map(
      ([kind, binding]) =>
        !target[kind as keyof typeof needed].some((one) => one.binding === binding) &&
        stop(
          `${where} has no ${kind === 'buckets' ? 'r2_buckets' : 'kv_namespaces'} binding '${binding}', which popserve needs`,
        ),
    ),
    ...secretNames(target).map(
      (name) =>
        name in vars &&
        stop(`${where} has ${name} among its vars, where everybody can read it; take it out, it is a secret`),
    ),
    ...[...given].map(
      ([name, value]) =>
        value.length < shortestSecret &&
        stop(`${name}: expected at least ${shortestSecret} characters, got ${value.length}`),
    ),
    vars.INFERENCE_ACCESS === 'open' && !allowOpen && stop(openText(where, environment, environments)),
    ...unknownSettings(Object.keys(vars)).map((unknown) => note(tellUnknownSetting(unknown, where))),
    ...engine.stops.map(stop),
    ...engine.notes.map(note),
    target.rateLimits.length === 0 &&
      note(
        `${where} has no ratelimits: one caller may ask as often as it likes; see KEY_LIMIT and ADDRESS_LIMIT in docs/settings.md`,
      ),
    target.crons.length === 0 && note(`${where} has no cron trigger: route copies in KV that lag are not repaired`),
    note(planText(target)),
    !target.workersDev &&
      target.domain === undefined &&
      url === undefined &&
      stop(`${where} gives the Worker no address that can be asked; say with --url where it answers`),
  ];
  return findings.filter((finding) => finding !== false);
}

/** @param what 'the upload', unless it is another Worker's */
export function checkSize({ bytes, mostBytes }: BundleSize, what = 'the upload'): Finding[] {
  if (bytes <= mostBytes) return [];
  return [stop(`${what} has ${mebibytes(bytes, 1)}; the platform takes ${mebibytes(mostBytes, 0)}`)];
}

/** What the account has against it. */
export function checkFound(
  target: Target,
  found: Found,
  { unattended, given }: Circumstances,
  pending: boolean,
): Finding[] {
  const file = basename(target.config);
  const foreign = target.namespaces.filter(({ id }) => id !== null && !found.namespaces.has(id));
  const missing = secretNames(target).filter((name) => !found.secrets.has(name) && !given.has(name));
  return [
    ...foreign.map(({ binding, id }) =>
      stop(
        `${file} binds ${binding} to the KV namespace ${id}, which the account does not have; is it another account's?`,
      ),
    ),
    ...missing.flatMap((name) => {
      if (name === tokenSecret)
        return unattended && !pending
          ? [
              stop(
                `the secret ${name} is not set, and a token made here would stand in a log; set ${tokenVariable(target)} to a long random text`,
              ),
            ]
          : [];
      return [stop(`the secret ${name} is not set; set the variable ${name} for this command, which uploads it`)];
    }),
  ];
}

/** The operators' bearer token, which the command can make itself. */
export const tokenSecret = 'ADMIN_TOKEN';

/** Secrets that the Worker asks for with these settings. */
export function secretNames({ vars }: Pick<Target, 'vars'>): string[] {
  return vars.WEBHOOK_URL ? [tokenSecret, 'WEBHOOK_SECRET'] : [tokenSecret];
}

/** `POPSERVE_PRODUCTION_TOKEN`: no other environment's token can be meant. */
export function tokenVariable({ environment }: Pick<Target, 'environment'>): string {
  return environment === ''
    ? 'POPSERVE_TOKEN'
    : `POPSERVE_${environment.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_TOKEN`;
}

function planText({ cpuMs }: Target): string {
  const needed = 'the Worker needs the Workers Paid plan: the first answer of an isolate takes about a second of CPU';
  return cpuMs === undefined ? needed : `${needed}, and with cpu_ms = ${cpuMs} a Free account is refused (code 100328)`;
}

function openText(where: string, environment: string, environments: readonly string[]): string {
  const advice = "set it to 'keyed', or deploy with --allow-open if everybody may ask";
  const others = environments.map((name) => `--env ${name}`).join(' or ');
  const hint = environment === '' && others !== '' ? `; did you mean ${others}?` : '';
  return `${where} has INFERENCE_ACCESS = "open": ${advice}${hint}`;
}

function stop(text: string): Finding {
  return { level: 'stop', text };
}

function note(text: string): Finding {
  return { level: 'note', text };
}
