// What one environment of a wrangler file asks for, as wrangler itself reads it: the inheritance of settings is wrangler's affair.
import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Unstable_Config } from 'wrangler';
import { PopserveError } from '../../registry/errors.ts';
import { importWrangler } from '../build/operator-tools.ts';
import { readSecondEngine, type SecondEngineTarget } from './second-engine.ts';

export interface Bucket {
  readonly binding: string;
  readonly name: string;
  readonly jurisdiction: string | undefined;
}

export interface Namespace {
  readonly binding: string;
  /** Null while the file has none, or zeros in its place. */
  readonly id: string | null;
  /** Under which the account knows it; the same that wrangler would choose. */
  readonly title: string;
}

export interface Target {
  /** Absolute path of the wrangler file. */
  readonly config: string;
  readonly folder: string;
  /** The empty text is the top level. */
  readonly environment: string;
  /** The environments that the file has. */
  readonly environments: readonly string[];
  readonly worker: string;
  readonly buckets: readonly Bucket[];
  readonly namespaces: readonly Namespace[];
  readonly vars: Readonly<Record<string, unknown>>;
  /** Names of bindings. */
  readonly rateLimits: readonly string[];
  readonly crons: readonly string[];
  readonly cpuMs: number | undefined;
  readonly workersDev: boolean;
  readonly litert: SecondEngineTarget;
  /** Where a custom domain says that the Worker answers. */
  readonly domain: string | undefined;
}

/** Zeros stand in a wrangler file until somebody has made what they stand for. */
const placeholder = /^0+$/;

/** @throws {PopserveError} NOT_FOUND for a file or an environment that is not there, INVALID_ARGUMENT for a file without what is needed */
export async function readTarget(config: string, environment: string): Promise<Target> {
  const path = resolve(config);
  if (!existsSync(path))
    throw new PopserveError(
      'NOT_FOUND',
      `${path} is not there; run the command in the project's folder or name the file with --config`,
    );
  const { unstable_readConfig: readConfig, experimental_readRawConfig: readRaw } = await importWrangler();
  const environments = Object.keys(readRaw({ config: path }).rawConfig.env ?? {});
  if (environment !== '' && !environments.includes(environment)) {
    const known =
      environments.length === 0
        ? 'it describes one deployment, its top level: leave --env away'
        : `it has ${environments.join(' and ')}`;
    throw new PopserveError('NOT_FOUND', `${basename(path)} has no environment '${environment}'; ${known}`);
  }
  const read: Unstable_Config = readConfig({ config: path, env: environment }, { hideWarnings: true });
  const worker = read.name;
  if (!worker)
    throw new PopserveError(
      'INVALID_ARGUMENT',
      `${basename(path)} names no Worker; give it a line like name = "popserve"`,
    );
  const routes = [...(read.routes ?? []), ...(read.route === undefined ? [] : [read.route])];
  const domain = routes.flatMap((route) =>
    typeof route === 'object' && route.custom_domain ? [route.pattern] : [],
  )[0];
  return {
    config: path,
    folder: dirname(path),
    environment,
    environments,
    worker,
    buckets: read.r2_buckets.flatMap(({ binding, bucket_name: name, jurisdiction }) =>
      typeof name === 'string' ? [{ binding, name, jurisdiction }] : [],
    ),
    namespaces: read.kv_namespaces.map(({ binding, id }) => ({
      binding,
      id: id === undefined || placeholder.test(id) ? null : id,
      title: `${worker}-${binding.toLowerCase().replaceAll('_', '-')}`,
    })),
    vars: read.vars,
    rateLimits: read.ratelimits.map(({ name }) => name),
    crons: read.triggers.crons ?? [],
    cpuMs: read.limits?.cpu_ms,
    workersDev: read.workers_dev ?? routes.length === 0,
    domain,
    litert: readSecondEngine(read, dirname(path), environment, readConfig),
  };
}
