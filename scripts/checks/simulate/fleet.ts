// Many PoPs in one workerd: one Worker service per isolate, each with the real serving bundle and real R2 and KV bindings that
// end at the simulated network. workerd cannot restart one isolate, so a PoP that restarts goes on in a spare one.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { bundleWorker } from '../../build/bundle.ts';
import { popHeader } from './network/network.ts';

/** The binary that the package brings for this system; it has no types. */
const workerd = createRequire(import.meta.url)('workerd') as { default: string };

/** What workerd's configuration calls each type of module. */
const moduleKinds = { ESModule: 'esModule', CompiledWasm: 'wasm', Text: 'text' } as const;

/**
 * After a garbage collection workerd spins in its message loop until V8's one background thread has swept: where that thread has
 * other work, and the machine too, all isolates stood still for seconds. docs/evidence/simulator.md has the figures.
 */
const v8Flags = ['--single-threaded-gc'];

/** Each isolate compiles the runtime at start. */
const longestStartMs = 600_000;

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
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(isolates: readonly FleetIsolate[], child: ChildProcess, folder: string) {
    this.isolates = isolates;
    this.pid = child.pid ?? 0;
    this.#child = child;
    this.#folder = folder;
  }

  /** @throws Error with what workerd printed when it does not come up */
  static async start(options: FleetOptions): Promise<Fleet> {
    const folder = await mkdtemp(join(tmpdir(), 'popserve-simulate-'));
    const config = join(folder, 'fleet.capnp');
    await writeFile(config, await configText(options, folder));
    const args = ['serve', config, '--import-path=/', '--control-fd=3'];
    const child = spawn(workerd.default, args, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
    const endWithUs = () => child.kill('SIGKILL');
    process.once('exit', endWithUs);
    child.once('exit', () => process.off('exit', endWithUs));
    const printed: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream as Readable }).on('line', (line) => {
        options.onLog?.(line);
        if (printed.push(line) > 30) printed.shift();
      });
    }
    const ports = await readPorts(child, options.isolates.length);
    if (!ports) {
      child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
      throw new Error(`workerd did not come up:\n${printed.join('\n')}`);
    }
    const isolates = options.isolates.map((spec) => ({
      ...spec,
      name: nameOf(spec),
      port: ports.get(nameOf(spec)) ?? 0,
    }));
    return new Fleet(isolates, child, folder);
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** workerd writes one JSON object per listening socket to the control descriptor. */
function readPorts(child: ChildProcess, count: number): Promise<Map<string, number> | null> {
  const { promise, resolve } = Promise.withResolvers<Map<string, number> | null>();
  const ports = new Map<string, number>();
  const timer = setTimeout(() => resolve(null), longestStartMs);
  createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => {
    const message = JSON.parse(line) as { event: string; socket?: string; port: number };
    if (message.event === 'listen' && message.socket !== undefined) ports.set(message.socket, message.port);
    if (ports.size === count) resolve(ports);
  });
  child.once('exit', () => resolve(null));
  return promise.finally(() => clearTimeout(timer));
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
  const modules: { name: string; type: keyof typeof moduleKinds; path: string }[] = [
    { name: 'entry.js', type: 'ESModule', path: entry },
    { name: 'clock.js', type: 'ESModule', path: clock },
    { name: 'fault.js', type: 'ESModule', path: fault },
    ...bundle.modules.map(({ type, path }) => ({ name: basename(path), type, path })),
  ];
  const listed = modules.map(
    ({ name, type, path }) => `(name = ${quote(name)}, ${moduleKinds[type]} = embed ${quote(path)})`,
  );
  const objects = join(folder, 'objects');
  await mkdir(objects);
  const services = [`(name = "objects", disk = (path = ${quote(objects)}, writable = true))`];
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
    const texts = Object.entries({ ...settings, POP_NAME: spec.pop }).map(
      ([key, value]) => `(name = ${quote(key)}, text = ${quote(value)})`,
    );
    const own = spec === telemetrySpec;
    const object = own
      ? '"ModelTelemetry"'
      : `(className = "ModelTelemetry", serviceName = ${quote(nameOf(telemetrySpec))})`;
    const bindings = [
      ...texts,
      `(name = "TELEMETRY", durableObjectNamespace = ${object})`,
      `(name = "MODELS", r2Bucket = ${quote(storage)})`,
      `(name = "ROUTES", kvNamespace = ${quote(storage)})`,
    ];
    workers.push(
      `const isolate${index} :Workerd.Worker = (modules = [${listed.join(', ')}], compatibilityDate = "2026-07-30", bindings = [${bindings.join(', ')}]${own ? durableObjects : ''});`,
    );
  });
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (v8Flags = [${v8Flags.map(quote).join(', ')}], services = [${services.join(',\n')}], sockets = [${sockets.join(',\n')}]);
${workers.join('\n')}
`;
}

/** On disk, in the fleet's folder: workerd has no SQL for objects in memory. */
const durableObjects = `,
  durableObjectNamespaces = [(className = "ModelTelemetry", uniqueKey = "telemetry", enableSql = true)],
  durableObjectStorage = (localDisk = "objects")`;

function nameOf({ pop, generation }: IsolateSpec): string {
  return `${pop}.${generation}`;
}

/** Cap'n Proto's text form has JSON's string escapes for all that occurs here. */
function quote(text: string): string {
  return JSON.stringify(text);
}
