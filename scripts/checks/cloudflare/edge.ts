// Runs what an account has deployed: every version that takes traffic is a Worker of one workerd, with the bindings, dates and
// flags of its upload over real R2, KV and Durable Objects. Each script answers on a port of its own.
//
// A change of what is deployed restarts workerd: requests under way end on the old versions, later ones wait for the new. The
// platform has no such pause; nothing is dropped or answered twice in either.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Miniflare, WorkerOptions } from 'miniflare';
import { importMiniflare } from '../../build/operator-tools.ts';
import { type Account, findVersion, type Script, type Version } from './account.ts';
import { ApiRefusal } from './refusal.ts';

/** A version that takes a share of a script's traffic. */
interface Running {
  readonly worker: string;
  readonly versionId: string;
  readonly percentage: number;
  url: URL;
}

interface Front {
  readonly server: Server;
  readonly url: URL;
  running: readonly Running[];
}

export class Edge {
  readonly #directory: string;
  readonly #account: Account;
  readonly #fronts = new Map<string, Front>();
  #miniflare: Miniflare | null = null;
  #inFlight = 0;
  #drained: (() => void) | null = null;
  /** Settled when no change is under way. */
  #changed: Promise<void> = Promise.resolve();

  /** @param directory where R2, KV and Durable Objects are kept */
  constructor(account: Account, directory: string) {
    this.#account = account;
    this.#directory = directory;
  }

  /** Where a script answers; the same for as long as the double runs. */
  url(script: string): URL {
    const front = this.#fronts.get(script);
    if (!front) throw new Error(`'${script}' was never deployed`);
    return front.url;
  }

  /** Opens the script's port, so that it is known before anything is deployed. */
  async open(script: string): Promise<URL> {
    const open = this.#fronts.get(script);
    if (open) return open.url;
    const server = createServer((incoming, outgoing) => {
      this.#forward(script, incoming, outgoing).catch(() => outgoing.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    this.#fronts.set(script, { server, url, running: [] });
    return url;
  }

  /**
   * Runs what the account has deployed now.
   * @throws {ApiRefusal} 10021 if workerd does not take the upload; what ran before runs again then
   */
  update(): Promise<void> {
    const change = this.#changed.then(() => this.#update());
    this.#changed = change.catch(() => {});
    return change;
  }

  /** Runs a script's scheduled handler, as one of its crons would. */
  async fireCron(script: string): Promise<void> {
    const [running] = this.#fronts.get(script)?.running ?? [];
    const [cron] = this.#account.script(script).crons;
    if (!running || !this.#miniflare || cron === undefined) throw new Error(`'${script}' has no cron trigger`);
    const worker = await this.#miniflare.getWorker(running.worker);
    await worker.scheduled({ cron });
  }

  async stop(): Promise<void> {
    for (const { server } of this.#fronts.values()) {
      server.close();
      server.closeAllConnections();
    }
    await this.#miniflare?.dispose();
  }

  async #update(): Promise<void> {
    if (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
    this.#drained = null;
    const plans = [...this.#account.scripts.values()].map((script) => ({ script, versions: deployed(script) }));
    const workers = plans.flatMap(({ script, versions }) =>
      versions.map(({ version }, index) => this.#worker(script, version, index)),
    );
    if (workers.length === 0) return;
    const options = {
      host: '127.0.0.1',
      port: 0,
      // Otherwise miniflare asks the network where on earth it is.
      cf: false as const,
      r2Persist: join(this.#directory, 'r2'),
      kvPersist: join(this.#directory, 'kv'),
      durableObjectsPersist: join(this.#directory, 'do'),
      cachePersist: join(this.#directory, 'cache'),
      handleStructuredLogs: () => {},
      workers,
    };
    try {
      if (this.#miniflare) await this.#miniflare.setOptions(options);
      else this.#miniflare = new (await importMiniflare()).Miniflare(options);
      await this.#miniflare.ready;
    } catch (error) {
      throw new ApiRefusal(400, 10021, `workerd does not start with this upload: ${String(error)}`);
    }
    for (const { script, versions } of plans) {
      await this.open(script.name);
      const front = this.#fronts.get(script.name);
      if (!front) continue;
      const running: Running[] = [];
      for (const [index, { version, percentage }] of versions.entries()) {
        const worker = workerName(script, index);
        const url = await this.#miniflare.unsafeGetDirectURL(worker);
        running.push({ worker, versionId: version.id, percentage, url });
      }
      front.running = running;
    }
  }

  #worker(script: Script, version: Version, index: number): WorkerOptions {
    const { upload } = version;
    const of = <T extends (typeof upload.bindings)[number]['type']>(type: T) =>
      upload.bindings.filter((binding) => binding.type === type) as Extract<
        (typeof upload.bindings)[number],
        { type: T }
      >[];
    const named = <T extends { name: string }, V>(bindings: readonly T[], value: (binding: T) => V) =>
      Object.fromEntries(bindings.map((binding) => [binding.name, value(binding)]));
    const main = upload.modules.filter(({ name }) => name === upload.mainModule);
    const others = upload.modules.filter(({ name }) => name !== upload.mainModule);
    const root = join(this.#directory, 'modules');
    return {
      name: workerName(script, index),
      modulesRoot: root,
      modules: [...main, ...others].map(({ name, type, bytes }) => ({ type, path: join(root, name), contents: bytes })),
      compatibilityDate: upload.compatibilityDate,
      compatibilityFlags: [...upload.compatibilityFlags],
      unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
      bindings: {
        ...named(of('plain_text'), ({ text }) => text),
        ...named(of('secret_text'), ({ text }) => text),
        ...named(of('json'), ({ json }) => json),
        ...named(of('version_metadata'), () => ({ id: version.id, tag: '', timestamp: version.createdOn })),
      },
      kvNamespaces: named(of('kv_namespace'), ({ namespace_id }) => namespace_id),
      r2Buckets: named(of('r2_bucket'), ({ bucket_name }) => bucket_name),
      // The objects live in the first version, where the others reach them.
      durableObjects: named(of('durable_object_namespace'), ({ class_name }) => ({
        className: class_name,
        useSQLite: script.classes.get(class_name)?.sqlite ?? false,
        ...(index === 0 ? {} : { scriptName: workerName(script, 0) }),
      })),
      // A Worker's first version has the Worker's name.
      serviceBindings: named(of('service'), ({ service }) => service),
      ratelimits: named(of('ratelimit'), ({ namespace_id, simple }) => ({ namespace_id, simple })),
    };
  }

  async #forward(script: string, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    await this.#changed;
    const running = choose(this.#fronts.get(script)?.running ?? [], incoming);
    if (!running) {
      outgoing.writeHead(404, { 'content-type': 'text/plain' }).end('There is nothing here yet\n');
      return;
    }
    this.#inFlight += 1;
    try {
      const headers = { ...incoming.headers, 'cf-connecting-ip': '127.0.0.1', connection: 'close' };
      const { hostname, port } = running.url;
      const onward = request({ hostname, port, path: incoming.url, method: incoming.method, headers, agent: false });
      const answered = once(onward, 'response') as Promise<[IncomingMessage]>;
      const [[answer]] = await Promise.all([answered, pipeline(incoming, onward)]);
      // The version is the double's own note: the platform shows it in logs only.
      outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, 'double-version': running.versionId });
      await pipeline(answer, outgoing);
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#drained?.();
    }
  }
}

function deployed(script: Script): { version: Version; percentage: number }[] {
  const shares = (script.deployments[0]?.versions ?? []).filter(({ percentage }) => percentage > 0);
  return shares.map(({ version_id, percentage }) => ({ version: findVersion(script, version_id), percentage }));
}

/** The first keeps the script's own name, so that the storage of its Durable Objects outlives versions. */
function workerName(script: Script, index: number): string {
  return index === 0 ? script.name : `${script.name}-second`;
}

/**
 * By share, the same for one version key.
 * @see https://developers.cloudflare.com/workers/configuration/versions-and-deployments/gradual-deployments/
 */
function choose(running: readonly Running[], { headers }: IncomingMessage): Running | undefined {
  const key = headers['cloudflare-workers-version-key'] ?? randomUUID();
  let bucket = [...String(key)].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7) % 100;
  for (const one of running) {
    if (bucket < one.percentage) return one;
    bucket -= one.percentage;
  }
  return running[0];
}
