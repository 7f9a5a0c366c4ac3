// Starts the bare workerd, `workerd serve`, without miniflare's front: one measured Worker, with R2, KV and the Cache API out of a
// folder (workers/disk-store.ts) where it wants them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { WorkerModules } from './bundles.ts';
import { keepTrackOf, scratchFolder } from './scratch.ts';

/** The binary that the package brings for this system; it has no types. */
const workerd = createRequire(import.meta.url)('workerd') as { default: string; version: string };

export const workerdVersion = workerd.version;

export interface WorkerdOptions {
  readonly worker: WorkerModules;
  /** Text bindings. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where R2 and KV are read from; without it the Worker has neither. */
  readonly store?: { readonly worker: WorkerModules; readonly directory: string };
  /** Gives it the Durable Objects of the serving Worker. */
  readonly telemetry?: boolean;
  /** Opens the inspector; without it nothing watches the isolate. */
  readonly inspect?: boolean;
  /** Lines that the Worker logs. */
  readonly onLog?: (line: string) => void;
}

export interface Workerd {
  readonly port: number;
  /** 0 without an inspector. */
  readonly inspectorPort: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** @throws Error with what workerd printed when it does not come up */
export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  const folder = await scratchFolder();
  const config = join(folder, 'workerd.capnp');
  const objects = join(folder, 'objects');
  await mkdir(objects);
  await writeFile(config, configText(options, objects));
  // Embedded files are named from the root.
  const flags = ['--import-path=/', '--control-fd=3', ...(options.inspect ? ['--inspector-addr=127.0.0.1:0'] : [])];
  const child = spawn(workerd.default, ['serve', config, ...flags], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  keepTrackOf(child);
  const ended = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream as Readable }).on('line', (line) => {
      options.onLog?.(line);
      if (printed.push(line) > 50) printed.shift();
    });
  }
  try {
    const ports = await readPorts(child, options.inspect ?? false);
    if (ports === null) {
      await ended;
      throw new Error(`workerd ended before it listened:\n${printed.join('\n')}`);
    }
    return { ...ports, pid: child.pid ?? 0, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** workerd writes one JSON object per listening socket to the control descriptor; null: it has ended. */
async function readPorts(
  child: ChildProcess,
  inspected: boolean,
): Promise<{ port: number; inspectorPort: number } | null> {
  let port = 0;
  let inspectorPort = 0;
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const message = JSON.parse(line) as { event: string; socket?: string; port: number };
    if (message.event === 'listen-inspector') inspectorPort = message.port;
    else if (message.event === 'listen') port = message.port;
    if (port !== 0 && (inspectorPort !== 0 || !inspected)) return { port, inspectorPort };
  }
  return null;
}

/** On disk: workerd has no SQL for objects in memory. */
const durableObjects = `durableObjectNamespaces = [(className = "ModelTelemetry", uniqueKey = "telemetry", enableSql = true)],
  durableObjectStorage = (localDisk = "objects"),`;

/** @see workerd.capnp */
function configText({ worker, settings = {}, store, telemetry = false }: WorkerdOptions, objects: string): string {
  const bindings = Object.entries(settings).map(([name, text]) => `(name = ${quote(name)}, text = ${quote(text)})`);
  const services = [`(name = "measured", worker = .measured)`];
  if (telemetry) {
    bindings.push('(name = "TELEMETRY", durableObjectNamespace = "ModelTelemetry")');
    services.push(`(name = "objects", disk = (path = ${quote(objects)}, writable = true))`);
  }
  if (store) {
    bindings.push('(name = "MODELS", r2Bucket = "store")', '(name = "ROUTES", kvNamespace = "store")');
    services.push('(name = "store", worker = .store)', `(name = "disk", disk = (path = ${quote(store.directory)}))`);
  }
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [${services.join(', ')}],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "measured")]
);

const measured :Workerd.Worker = (
  ${workerText(worker)},
  bindings = [${bindings.join(', ')}],
  ${store ? 'cacheApiOutbound = "store",' : ''}
  ${telemetry ? durableObjects : ''}
);
${store ? `\nconst store :Workerd.Worker = (${workerText(store.worker)}, bindings = [(name = "DISK", service = "disk")]);\n` : ''}`;
}

const moduleKinds = { ESModule: 'esModule', CompiledWasm: 'wasm', Text: 'text' } as const;

function workerText({ modules, compatibilityDate }: WorkerModules): string {
  const listed = modules.map(({ type, path }) => {
    return `(name = ${quote(basename(path))}, ${moduleKinds[type]} = embed ${quote(path)})`;
  });
  return `modules = [${listed.join(', ')}], compatibilityDate = ${quote(compatibilityDate)}`;
}

/** Cap'n Proto's text form has JSON's string escapes for all that occurs here. */
function quote(text: string): string {
  return JSON.stringify(text);
}
