// Many PoPs in one workerd: one Worker service per isolate, each with the real serving bundle and real R2 and KV bindings that
// end at the simulated network. workerd cannot restart one isolate, so a PoP that restarts goes on in a spare one.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorker } from '../../build/bundle.ts';
import { durableObjects, objectsService, quote, textBindings, workerCode } from '../workerd/config.ts';
import { startWorkerd, type Workerd } from '../workerd/process.ts';
import { popHeader } from './network/network.ts';

/**
 * After a garbage collection workerd spins in its message loop until V8's one background thread has swept: where that thread has
 * other work, and the machine too, all isolates stood still for seconds. docs/evidence/simulator.md has the figures.
 */
const v8Flags = ['--single-threaded-gc'];

/** Each isolate compiles the runtime at start. */
const longestStartMs = 600_000;

const compatibilityDate = '2026-07-30';

export interface IsolateSpec {
  readonly pop: string;
  /** 0 for the first isolate of the PoP. */
  readonly generation: number;
}

/** Where the Durable Objects live: a place of the network like the others. */
export const telemetryPop = 'telemetry';
const telemetrySpec: IsolateSpec = { pop: telemetryPop, generation: 0 };

export interface FleetIsolate extends IsolateSpec {
  readonly name: string;
  readonly port: number;
}

export interface FleetOptions {
  readonly isolates: readonly IsolateSpec[];
  readonly networkPort: number;
  readonly settings: Readonly<Record<string, string>>;
  /** Source of a module whose default export changes each answer: to see that a Worker with a fault is found. */
  readonly answerFault?: string | undefined;
  readonly onLog?: (line: string) => void;
}

export class Fleet {
  readonly isolates: readonly FleetIsolate[];
  readonly pid: number;
  readonly #workerd: Workerd;
  readonly #folder: string;

  private constructor(isolates: readonly FleetIsolate[], workerd: Workerd, folder: string) {
    this.isolates = isolates;
    this.pid = workerd.pid;
    this.#workerd = workerd;
    this.#folder = folder;
  }

  /** @throws Error with what workerd printed when it does not come up */
  static async start(options: FleetOptions): Promise<Fleet> {
    const folder = await mkdtemp(join(tmpdir(), 'popserve-simulate-'));
    try {
      const config = await configText(options, folder);
      const sockets = options.isolates.length;
      const workerd = await startWorkerd({ folder, config, sockets, longestStartMs, onLog: options.onLog });
      const isolates = options.isolates.map((spec) => {
        const name = nameOf(spec);
        return { ...spec, name, port: workerd.ports.get(name) ?? 0 };
      });
      return new Fleet(isolates, workerd, folder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#workerd.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** @see workerd.capnp */
async function configText(
  { isolates, networkPort, settings, answerFault }: FleetOptions,
  folder: string,
): Promise<string> {
  const bundle = await bundleWorker('index');
  const entry = join(import.meta.dirname, 'fleet-entry.js');
  const clock = join(import.meta.dirname, 'fleet-clock.js');
  const fault = join(folder, 'fault.js');
  await writeFile(fault, answerFault ?? 'export default (response) => response;');
  const own = [entry, clock, fault].map((path) => ({ type: 'ESModule' as const, path }));
  const code = workerCode({ modules: [...own, ...bundle.modules], compatibilityDate });
  const objects = join(folder, 'objects');
  await mkdir(objects);
  const services = [objectsService(objects)];
  const sockets: string[] = [];
  const workers: string[] = [];
  // The Durable Objects are the whole network's: they live in a service of their own, which no request reaches.
  [...isolates, telemetrySpec].forEach((spec, index) => {
    const name = nameOf(spec);
    const storage = `storage of ${name}`;
    const inject = `injectRequestHeaders = [(name = ${quote(popHeader)}, value = ${quote(spec.pop)})]`;
    services.push(
      `(name = ${quote(name)}, worker = .isolate${index})`,
      `(name = ${quote(storage)}, external = (address = "127.0.0.1:${networkPort}", http = (${inject})))`,
    );
    if (spec !== telemetrySpec)
      sockets.push(`(name = ${quote(name)}, address = "127.0.0.1:0", http = (), service = ${quote(name)})`);
    const own = spec === telemetrySpec;
    const object = own
      ? '"ModelTelemetry"'
      : `(className = "ModelTelemetry", serviceName = ${quote(nameOf(telemetrySpec))})`;
    const bindings = [
      ...textBindings({ ...settings, POP_NAME: spec.pop }),
      `(name = "TELEMETRY", durableObjectNamespace = ${object})`,
      `(name = "MODELS", r2Bucket = ${quote(storage)})`,
      `(name = "ROUTES", kvNamespace = ${quote(storage)})`,
    ];
    const parts = [code, `bindings = [${bindings.join(', ')}]`, ...(own ? [durableObjects] : [])];
    workers.push(`const isolate${index} :Workerd.Worker = (${parts.join(', ')});`);
  });
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (v8Flags = [${v8Flags.map(quote).join(', ')}], services = [${services.join(',\n')}], sockets = [${sockets.join(',\n')}]);
${workers.join('\n')}
`;
}

function nameOf({ pop, generation }: IsolateSpec): string {
  return `${pop}.${generation}`;
}
