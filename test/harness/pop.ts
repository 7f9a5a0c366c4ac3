// The one way in which tests start a PoP: the built Worker in workerd, R2 and KV in memory, once per test file.
import { createHash } from 'node:crypto';
import type { Manifest } from '../../registry/manifest.ts';
import type { RouteAction } from '../../registry/route-action.ts';
import { type Pop, type PopOptions, startPop } from '../../scripts/local-pop/pop.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The body as JSON; throws if it is none. */
  json<T>(): T;
}

export class TestPop {
  readonly pop: Pop;
  /** Events that the Worker logged. */
  readonly logs: { event: string; [field: string]: unknown }[];

  private constructor(pop: Pop, logs: TestPop['logs']) {
    this.pop = pop;
    this.logs = logs;
  }

  static async start(
    settings: Readonly<Record<string, string>> = {},
    options: Pick<PopOptions, 'https' | 'rateLimits' | 'platform' | 'litert'> = {},
  ): Promise<TestPop> {
    const logs: TestPop['logs'] = [];
    const onLog = (line: string) => {
      try {
        logs.push(JSON.parse(line));
      } catch {
        logs.push({ event: 'text', line });
      }
    };
    return new TestPop(await startPop({ directory: null, port: 0, settings, onLog, ...options }), logs);
  }

  /** A PoP that was started otherwise, say with a folder of its own. */
  static of(pop: Pop): TestPop {
    return new TestPop(pop, []);
  }

  stop(): Promise<void> {
    return this.pop.stop();
  }

  async send(
    method: string,
    path: string,
    body?: string | Uint8Array | object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(new URL(path, this.pop.url), {
      method,
      // workerd closes a connection that was idle for 5 s: on a busy machine a request could still be sent on it.
      headers: { connection: 'close', ...headers },
      ...(body === undefined ? {} : { body: raw ? (body as string | Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return {
      status: response.status,
      headers: response.headers,
      bytes,
      json: <T>() => JSON.parse(new TextDecoder().decode(bytes)) as T,
    };
  }

  /**
   * A call of the control plane; throws with the answer's message unless it succeeds. Repeated once if the connection closes: on
   * a busy machine loading what was just released takes longer than workerd keeps idle connections.
   */
  async operate(method: string, path: string, body?: string | Uint8Array | object): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.pop.token}` };
    const answer = await this.send(method, path, body, headers).catch((error: unknown) => {
      if (!(error instanceof TypeError && String(error.cause).includes('other side closed'))) throw error;
      return this.send(method, path, body, headers);
    });
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${new TextDecoder().decode(answer.bytes)}`);
    return answer;
  }

  /** Stores blobs and manifest; with `activate` routes the version as stable. Returns the epoch, 0 if not activated. */
  async release(
    publication: { manifest: Manifest; blobs: readonly { digest: string; bytes: Uint8Array }[] },
    activate = true,
  ): Promise<number> {
    const { manifest, blobs } = publication;
    for (const { digest, bytes } of blobs) await this.operate('PUT', `/registry/blobs/${digest}`, bytes);
    await this.operate('PUT', `/registry/models/${manifest.model}/versions/${manifest.version}`, manifest);
    return activate ? await this.route(manifest.model, { action: 'activate', version: manifest.version }) : 0;
  }

  /** The manifest of a version in the registry. */
  async manifest(model: string, version: string): Promise<Manifest> {
    return (await this.operate('GET', `/registry/models/${model}/versions/${version}`)).json();
  }

  async route(model: string, action: RouteAction): Promise<number> {
    const answer = await this.operate('POST', `/registry/models/${model}/routes`, action);
    return answer.json<{ route: { epoch: number } }>().route.epoch;
  }

  /** Writes a route and waits until the PoP serves it: it takes over once what it names is loaded, which no request waits for. */
  async takeOver(model: string, action: RouteAction): Promise<number> {
    const epoch = await this.route(model, action);
    const headers = { authorization: `Bearer ${this.pop.token}`, 'popserve-min-epoch': String(epoch) };
    const { status } = await this.send('GET', `/v2/models/${model}`, undefined, headers);
    if (status !== 200) throw new Error(`epoch ${epoch} of ${model} is not served: ${status}`);
    return epoch;
  }
}

export function sha256(bytes: Uint8Array): `sha256:${string}` {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
