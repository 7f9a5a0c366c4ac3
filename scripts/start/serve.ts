// `popserve start`, and `npm start` of a checkout: the local PoP of a project, its registry kept in a folder.
import { PopserveError } from '../../registry/errors.ts';
import type { WorkerProject } from '../build/bundle.ts';
import { findProject } from '../build/operator-project.ts';
import { isBuilt, projectRoot } from '../build/project.ts';
import { demoModel, demoPictureModel } from '../demo/demo-model.ts';
import { type Pop, startPop } from '../local-pop/pop.ts';
import { Taken } from '../taken.ts';
import { isEverywhere, type Served } from './announcement.ts';
import { guardRuntime } from './guard-runtime.ts';
import { holdFolder } from './hold-folder.ts';
import { givenSettings, isOnlyLocal, localDefaults, type SettingFlags, unknownVariables } from './local-settings.ts';
import { releaseDemo, releaseDemoPictures } from './release-demo.ts';
import { requireAddress } from './require-address.ts';
import { markRunning } from './running-pops.ts';

export interface ServeOptions extends SettingFlags {
  readonly port: number;
  readonly host: string;
  readonly data: string;
  /** One of the wrangler file's environments. */
  readonly environment?: string | undefined;
  /** Release the demo model into an empty registry. */
  readonly demo: boolean;
  readonly verbose: boolean;
}

export interface Serving extends AsyncDisposable {
  /** Where commands on this machine reach it. */
  readonly url: URL;
  readonly open: boolean;
  readonly served: readonly Served[];
}

/**
 * @param say gets progress, and with `verbose` the Worker's log
 * @throws {PopserveError} if there is no project, the data or the port is taken, or the Worker does not build
 */
export async function serve(options: ServeOptions, say: (line: string) => void): Promise<Serving> {
  const { folder, config } = findProject();
  if (config === null) {
    throw new PopserveError(
      'NOT_FOUND',
      `there is no wrangler.toml in ${folder} or above it; make a project with 'npx popserve init my-pop' and start there`,
    );
  }
  await using taken = new Taken();
  const hold = taken.use(await holdFolder(options.data));
  await requireAddress(options.host, options.port);
  say('Starting a local PoP: bundling the Worker, starting workerd …');
  const ofCheckout = !isBuilt && folder === projectRoot && options.environment === undefined;
  const settings = await givenSettings(folder, options);
  const project = ofCheckout ? undefined : { folder, config, environment: options.environment };
  const pop = await start(options, say, project, settings);
  taken.defer(() => pop.stop().catch(() => {}));
  for (const note of unknownVariables(pop.variables, { given: settings, config })) say(`Note: ${note}`);
  // Disposed before the PoP, which then ends its workerd itself.
  taken.use(await guardRuntime());
  const url = localUrl(pop.url, options.host);
  hold.listensAt(url);
  taken.use(markRunning(folder, { url: url.origin, data: options.data }));
  let served = await listServed(url, pop.token);
  if (served.length === 0 && options.demo) {
    say(`The registry is empty: releasing the demo models '${demoModel.name}' and '${demoPictureModel.name}' …`);
    await releaseDemoPictures(url, pop.token);
    say(`  '${demoPictureModel.name}' is released; it was examined when it was trained.`);
    say(
      `  '${demoModel.name}' is checked, converted, measured and judged, as a model of your own is: some 10 s on a quiet machine …`,
    );
    await releaseDemo(url, pop.token);
    served = await listServed(url, pop.token);
  }
  const open = (await fetch(new URL('/v2/models', url))).status !== 401;
  const held = taken.move();
  return { url, open, served, [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() };
}

async function start(
  { port, host, data, verbose }: ServeOptions,
  say: (line: string) => void,
  project: WorkerProject | undefined,
  settings: Readonly<Record<string, string>>,
): Promise<Pop> {
  try {
    return await startPop({
      project,
      directory: data,
      port,
      host,
      defaults: localDefaults,
      litert: 'own',
      onNote: (note) => say(`Note: ${note}`),
      settings,
      // What others reach is as the wrangler file has it for deployments.
      closed: !isOnlyLocal(host),
      onLog: (line) => {
        if (verbose || /"event":"(internal-error|model-unavailable|heap-broken)"/.test(line))
          process.stdout.write(`${line}\n`);
      },
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (!/EADDRINUSE|[Aa]ddress already in use/.test(message)) throw error;
    // Somebody took it after it was found free.
    await requireAddress(host, port);
    throw error;
  }
}

/** A server that listens everywhere is reached on this machine by its loopback address. */
function localUrl(url: URL, host: string): URL {
  const local = new URL(url);
  if (isEverywhere(host)) local.hostname = '127.0.0.1';
  return local;
}

async function listServed(url: URL, token: string): Promise<Served[]> {
  const response = await fetch(new URL('/v2/models', url), { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`the PoP does not list its models: ${await response.text()}`);
  return ((await response.json()) as { models: Served[] }).models;
}
