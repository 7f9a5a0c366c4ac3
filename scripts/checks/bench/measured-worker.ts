// One measured Worker in a bare workerd, with R2, KV and the Cache API out of a folder (workers/disk-store.ts) where it wants them.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  durableObjects,
  objectsService,
  quote,
  textBindings,
  type WorkerModules,
  workerCode,
} from '../workerd/config.ts';
import { startWorkerd } from '../workerd/process.ts';
import { scratchFolder } from './scratch.ts';

export interface MeasuredOptions {
  readonly worker: WorkerModules;
  /** Text bindings. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where R2 and KV are read from; without it the Worker has neither. */
  readonly store?: { readonly worker: WorkerModules; readonly directory: string };
  /** Gives it the Durable Objects of the serving Worker. */
  readonly telemetry?: boolean;
  /** The second Worker behind the binding LITERT, which reads models from the same store. */
  readonly litert?: WorkerModules;
  /** Opens the inspector; without it nothing watches the isolate. */
  readonly inspect?: boolean;
  /** Lines that the Worker logs. */
  readonly onLog?: (line: string) => void;
}

export interface MeasuredWorker {
  readonly port: number;
  /** 0 without an inspector. */
  readonly inspectorPort: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** @throws Error with what workerd printed when it does not come up */
export async function startMeasured(options: MeasuredOptions): Promise<MeasuredWorker> {
  const folder = await scratchFolder();
  const forget = () => rm(folder, { recursive: true, force: true });
  try {
    const { inspect = false, onLog } = options;
    const config = await configText(options, folder);
    const { ports, inspectorPort, pid, stop } = await startWorkerd({ folder, config, sockets: 1, inspect, onLog });
    return { port: ports.get('http') ?? 0, inspectorPort, pid, stop: () => stop().finally(forget) };
  } catch (error) {
    await forget();
    throw error;
  }
}

async function configText(
  { worker, settings = {}, store, telemetry = false, litert }: MeasuredOptions,
  folder: string,
): Promise<string> {
  const bindings = textBindings(settings);
  const services = [`(name = "measured", worker = .measured)`];
  if (telemetry) {
    const objects = join(folder, 'objects');
    await mkdir(objects);
    bindings.push('(name = "TELEMETRY", durableObjectNamespace = "ModelTelemetry")');
    services.push(objectsService(objects));
  }
  if (store) {
    bindings.push('(name = "MODELS", r2Bucket = "store")', '(name = "ROUTES", kvNamespace = "store")');
    services.push('(name = "store", worker = .store)', `(name = "disk", disk = (path = ${quote(store.directory)}))`);
  }
  if (litert) {
    bindings.push('(name = "LITERT", service = "litert")');
    services.push('(name = "litert", worker = .litert)');
  }
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [${services.join(', ')}],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "measured")]
);

const measured :Workerd.Worker = (
  ${workerCode(worker)},
  bindings = [${bindings.join(', ')}],
  ${store ? 'cacheApiOutbound = "store",' : ''}
  ${telemetry ? `${durableObjects},` : ''}
);
${litert ? `\nconst litert :Workerd.Worker = (${workerCode(litert)}, bindings = [${store ? '(name = "MODELS", r2Bucket = "store")' : ''}]);\n` : ''}${store ? `\nconst store :Workerd.Worker = (${workerCode(store.worker)}, bindings = [(name = "DISK", service = "disk")]);\n` : ''}`;
}
