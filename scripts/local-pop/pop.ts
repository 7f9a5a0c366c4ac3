// A local PoP: the Worker as wrangler.toml describes it, on miniflare, with R2, KV and Durable Objects kept in a folder.
import { createHmac, randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Miniflare } from 'miniflare';
import { type Bundle, bundleProject, bundleWorker, type WorkerProject } from '../build/bundle.ts';
import { blankedEnvironment } from '../build/child-environment.ts';
import { importMiniflare } from '../build/operator-tools.ts';
import { bundleEngine, type LocalEngine } from './second-engine.ts';

/** The variable that tells one PoP's process from another's. */
export const popMarkName = 'POP_MARK';

export interface PopOptions {
  /** Whose Worker it is; by default popserve's own. */
  readonly project?: WorkerProject | undefined;
  /** Where R2, KV, Durable Objects and the token are kept; null: in memory, gone with the process. */
  readonly directory: string | null;
  /** 0: any free port. */
  readonly port: number;
  /** Address to listen on; by default 127.0.0.1. */
  readonly host?: string;
  /** Serve HTTPS, as in production, with a certificate that no authority has signed. */
  readonly https?: boolean;
  /** Under the settings of wrangler.toml. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** Without {@link localSettings}: as closed as wrangler.toml has it. */
  readonly closed?: boolean;
  /** Over {@link localSettings} and the settings of wrangler.toml. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Limits under the names of their bindings; periods are 10 or 60 s. None by default, whatever wrangler.toml says, unless `closed`. */
  readonly rateLimits?: Readonly<Record<string, { readonly limit: number; readonly period: 10 | 60 }>>;
  /** The platform as it may be elsewhere or later, in place of what wrangler.toml says. */
  readonly platform?: Platform;
  /** The Worker of the second engine, one for each PoP; without it onnxruntime runs everything. */
  readonly litert?: LocalEngine;
  /** Told where the second engine's Worker does not build: the PoP starts without it. */
  readonly onNote?: (note: string) => void;
  /** Opens the inspector on a free port, for measurements. */
  readonly inspect?: boolean;
  /** Stands in the environment of workerd's process as `POP_MARK`, so that the process can be found. */
  readonly mark?: string;
  /** Lines that the Worker logs. */
  readonly onLog?: (line: string) => void;
}

/** Open to everybody on this machine, and to nobody else's pages, with reports soon enough to watch. */
export const localSettings = {
  INFERENCE_ACCESS: 'open',
  ARTIFACT_DOWNLOADS: 'on',
  TELEMETRY_FLUSH_SECONDS: '5',
  ALLOWED_HOSTS: 'localhost,127.0.0.1,[::1]',
} as const;

/** The folder of a bucket on disk has its name: data folders of earlier versions have this one. */
const bucketName = 'popserve-models';

export interface Platform {
  readonly compatibilityDate?: string;
  /** Beside those of wrangler.toml. */
  readonly compatibilityFlags?: readonly string[];
  /** Source of a module that runs before the Worker: takes away what the platform may not have. */
  readonly before?: string;
  /** Modules beside the Worker's own, by name, made of its source; `entry.js` among them stands in front of it. */
  readonly modules?: (worker: string) => Readonly<Record<string, string>>;
}

export interface Pop {
  readonly url: URL;
  /** Operators' bearer token of this PoP. */
  readonly token: string;
  /** Names of the variables that the Worker is given, wherever they are set. */
  readonly variables: readonly string[];
  readonly miniflare: Miniflare;
  stop(): Promise<void>;
}

/** One of several PoPs that share storage. */
export interface Place {
  /** As `POP_NAME`: `FRA`. */
  readonly pop: string;
  /** As `POP_REGION`: `EU`. */
  readonly region: string;
}

export interface Network extends Pop {
  /** Where each PoP answers, by its name; `url` is the first one's. */
  readonly urls: ReadonlyMap<string, URL>;
}

/** @throws Error when the port is taken or the Worker does not build */
export async function startPop(options: PopOptions): Promise<Pop> {
  return await start(options, [{ name: 'popserve', settings: { POP_NAME: 'local', ...options.settings } }]);
}

/**
 * Several PoPs in one workerd, each an isolate of its own: as on the platform they share R2, KV and the Durable Objects.
 * @throws Error when the port is taken or the Worker does not build
 */
export async function startPops(options: PopOptions, places: readonly [Place, ...Place[]]): Promise<Network> {
  const nameOf = ({ pop }: Place) => `popserve-${pop}`;
  const workers = places.map((place) => ({
    name: nameOf(place),
    settings: { ...options.settings, POP_NAME: place.pop, POP_REGION: place.region },
  }));
  const first = await start(options, workers);
  const urls = new Map<string, URL>();
  for (const place of places) urls.set(place.pop, await first.miniflare.unsafeGetDirectURL(nameOf(place)));
  return { ...first, url: urls.get(places[0].pop) ?? first.url, urls };
}

interface PopWorker {
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
}

async function start(options: PopOptions, workers: readonly PopWorker[]): Promise<Pop> {
  const { Miniflare } = await importMiniflare();
  const bundle = options.project === undefined ? await bundleWorker('index') : await bundleProject(options.project);
  const { mark } = options;
  const engine = await engineOf(options, bundle);
  const configured = bundle.options;
  const given = configured.bindings?.ADMIN_TOKEN;
  const token = await keepToken(options.directory, typeof given === 'string' && given !== '' ? given : null);
  const { TELEMETRY: telemetry, ...durableObjects } = configured.durableObjects ?? {};
  const home = workers[0]?.name;
  // The objects live in the first Worker; the others reach them there.
  const objectsFor = (name: string) =>
    name === home || typeof telemetry !== 'object'
      ? configured.durableObjects
      : { ...durableObjects, TELEMETRY: { ...telemetry, scriptName: home } };
  const kept = (name: string) => (options.directory === null ? false : join(options.directory, name));
  const miniflare = new Miniflare({
    host: options.host ?? '127.0.0.1',
    port: options.port,
    https: options.https ?? false,
    // Without this miniflare asks the network where on earth it is.
    cf: false,
    // It runs models; the settings travel as bindings.
    unsafeRuntimeEnv: { ...blankedEnvironment(process.env), ...(mark === undefined ? {} : { [popMarkName]: mark }) },
    ...(options.inspect ? { inspectorPort: 0 } : {}),
    r2Persist: kept('r2'),
    kvPersist: kept('kv'),
    durableObjectsPersist: kept('do'),
    cachePersist: kept('cache'),
    handleStructuredLogs: ({ message }: { message: string }) => options.onLog?.(message),
    workers: [
      ...workers.map(({ name, settings }) => ({
        ...configured,
        name,
        ...(engine === null ? {} : { serviceBindings: { LITERT: engineName(name) } }),
        modulesRoot: bundle.directory,
        ...dated(configured, options.platform),
        modules: modulesOf(bundle, options.platform),
        durableObjects: objectsFor(name),
        ...(workers.length === 1 ? {} : { unsafeDirectSockets: [{ host: '127.0.0.1' }] }),
        r2Buckets: { ...configured.r2Buckets, MODELS: bucketName },
        ...(options.closed ? {} : { ratelimits: limiters(options.rateLimits ?? {}) }),
        bindings: {
          ...options.defaults,
          ...(options.closed ? {} : { FEEDBACK_SECRET: feedbackSecretOf(token) }),
          ...configured.bindings,
          ...(options.closed ? {} : localSettings),
          ADMIN_TOKEN: token,
          ...settings,
        },
      })),
      ...(engine === null
        ? []
        : workers.map(({ name }) => ({ ...engine, name: engineName(name), r2Buckets: { MODELS: bucketName } }))),
    ],
  });
  try {
    const url = await miniflare.ready;
    const variables = Object.keys({ ...configured.bindings, ...workers[0]?.settings });
    return { url, token, variables, miniflare, stop: () => miniflare.dispose() };
  } catch (error) {
    // It still listens on a port, which would keep the process from ending. Its dispose fails with the same error again.
    await miniflare.dispose().catch(() => {});
    throw error;
  }
}

function engineName(pop: string): string {
  return `${pop}-litert`;
}

/** A PoP does without the second engine rather than not start. */
async function engineOf({ litert, project, onNote }: PopOptions, serving: Bundle) {
  try {
    return await bundleEngine(litert, project, serving);
  } catch (error) {
    onNote?.(
      `the Worker of the second engine does not build, so onnxruntime runs every model: ${error instanceof Error ? error.message : String(error)}`,
    );
    return null;
  }
}

/** The same as long as the token is, so that answers' ids outlive the process. The token cannot be found out from it. */
function feedbackSecretOf(token: string): string {
  return createHmac('sha256', token).update('feedback').digest('hex');
}

function dated(
  { compatibilityFlags = [] }: { compatibilityFlags?: string[] },
  { compatibilityDate, compatibilityFlags: more = [] }: Platform = {},
) {
  return {
    ...(compatibilityDate === undefined ? {} : { compatibilityDate }),
    compatibilityFlags: [...compatibilityFlags, ...more],
  };
}

function modulesOf({ directory, modules }: Bundle, { before, modules: more }: Platform = {}) {
  if (before === undefined && more === undefined) return [...modules];
  const [worker] = modules;
  const made = more?.(String(worker?.contents ?? '')) ?? {};
  const {
    'entry.js': entry = "export * from './index.js';\nexport { default } from './index.js';\n",
    ...others
  }: Readonly<Record<string, string>> = made;
  const module = (name: string, contents: string) => ({
    type: 'ESModule' as const,
    path: join(directory, name),
    contents,
  });
  return [
    module('entry.js', before === undefined ? entry : `import './before.js';\n${entry}`),
    module('before.js', before ?? ''),
    ...Object.entries(others).map(([name, contents]) => module(name, contents)),
    ...modules,
  ];
}

function limiters(limits: NonNullable<PopOptions['rateLimits']>) {
  return Object.fromEntries(Object.entries(limits).map(([name, simple]) => [name, { namespace_id: name, simple }]));
}

/**
 * A token of its own for each data folder, readable by its owner only: the `popserve` command finds it there.
 * @param given the project's own, from .dev.vars
 */
async function keepToken(directory: string | null, given: string | null): Promise<string> {
  if (directory === null) return given ?? newToken();
  const path = join(directory, 'token');
  const kept = (await readFile(path, 'utf8').catch(() => '')).trim();
  const token = given ?? (kept || newToken());
  if (token === kept) return token;
  await mkdir(directory, { recursive: true });
  await writeFile(path, `${token}\n`, { mode: 0o600 });
  await chmod(path, 0o600);
  return token;
}

function newToken(): string {
  return randomBytes(24).toString('base64url');
}
