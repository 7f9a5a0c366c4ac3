// A PoP for tests of the command: an HTTP server that keeps a registry in memory and answers what the test tells it to.

import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach } from 'vitest';
import { canonicalJson } from '../../../registry/canonical-json.ts';
import { sha256Digest } from '../../../registry/digests.ts';
import { PopserveError } from '../../../registry/errors.ts';
import { type Manifest, manifestBlobs } from '../../../registry/manifest.ts';
import type { Route } from '../../../registry/route.ts';
import { nextRoute } from '../../../registry/transition.ts';
import { close, listen } from '../../harness/http-server.ts';

export interface Asked {
  /** `PUT /registry/blobs/sha256:…` */
  readonly call: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export const token = 'token-of-the-test';

export class ScriptedPop {
  readonly asked: Asked[] = [];
  readonly blobs = new Set<string>();
  readonly manifests = new Map<string, Manifest>();
  readonly routes: Route[] = [];
  url = '';
  /** Answers before the registry does; undefined lets the registry answer, `drop` cuts the connection. */
  intercept: (asked: Asked) => Answer | 'drop' | undefined = () => undefined;

  /** Awaited before each answer. */
  delay: () => Promise<void> = async () => {};

  readonly #server = createServer(async (request, response) => {
    const asked = {
      call: `${request.method} ${request.url}`,
      headers: request.headers,
      body: await buffer(request),
    };
    this.asked.push(asked);
    await this.delay();
    const answer = this.intercept(asked) ?? (await this.#answer(asked).catch(refusal));
    if (answer === 'drop') {
      request.socket.destroy();
      return;
    }
    const body = answer.body instanceof Uint8Array ? answer.body : JSON.stringify(answer.body ?? {});
    response.writeHead(answer.status, answer.headers).end(body);
  });

  /** One that is empty and answers by itself at the start of each case of the file. */
  static perCase(): ScriptedPop {
    const pop = new ScriptedPop();
    beforeEach(async () => {
      pop.#forget();
      pop.url = await listen(pop.#server);
    });
    afterEach(() => pop.stop());
    return pop;
  }

  /** From now on nothing listens at its address. */
  stop(): Promise<void> {
    return close(this.#server);
  }

  #forget(): void {
    for (const list of [this.asked, this.routes]) list.length = 0;
    for (const kept of [this.blobs, this.manifests]) kept.clear();
    this.intercept = () => undefined;
    this.delay = async () => {};
  }

  /** The calls so far, digests shortened to their first four digits. */
  get calls(): string[] {
    return this.asked.map(({ call }) => call.replace(/(sha256:[0-9a-f]{4})[0-9a-f]*/, '$1'));
  }

  async #answer({ call, headers, body }: Asked): Promise<Answer> {
    if (headers.authorization !== `Bearer ${token}`)
      return { status: 401, body: { error: "expected the operator's token" } };
    const [, method, kind = '', name = '', part, version = ''] =
      /^(\w+) \/registry\/(\w+)(?:\/([^/?]+))?(?:\/(\w+))?(?:\/([^/?]+))?/.exec(call) ?? [];
    if (kind === 'blobs') return this.#blob(method, name, body);
    if (kind !== 'models') return { status: 404, body: { error: `no such call: ${call}` } };
    if (part === 'routes') return method === 'POST' ? this.#route(name, body) : this.#history();
    if (part === 'versions') return method === 'PUT' ? this.#register(body) : this.#manifest(version);
    if (this.manifests.size === 0)
      return { status: 404, body: { error: `Request for unknown model: '${name}' is not found` } };
    const versions = [...this.manifests.keys()].map((each) => ({
      version: each,
      digest: `sha256:${'0'.repeat(64)}`,
      storedAt: '2026-11-24T00:00:00.000Z',
      routedAs: [],
    }));
    return { status: 200, body: { name, route: this.routes.at(-1) ?? null, versions } };
  }

  async #blob(method: string | undefined, digest: string, body: Buffer): Promise<Answer> {
    if (method === 'HEAD') return { status: this.blobs.has(digest) ? 200 : 404 };
    if ((await sha256Digest(new Uint8Array(body))) !== digest) return { status: 422, body: { error: 'wrong digest' } };
    this.blobs.add(digest);
    return { status: 201 };
  }

  #register(body: Buffer): Answer {
    const manifest: Manifest = JSON.parse(body.toString());
    const standing = this.manifests.get(manifest.version);
    const missing = manifestBlobs(manifest).filter((digest) => !this.blobs.has(digest));
    if (missing.length > 0) return { status: 422, body: { error: `missing ${missing}` } };
    if (standing !== undefined && canonicalJson(standing) !== canonicalJson(manifest)) {
      return { status: 409, body: { error: 'other content' } };
    }
    this.manifests.set(manifest.version, manifest);
    return { status: standing === undefined ? 201 : 200 };
  }

  #manifest(version: string): Answer {
    const manifest = this.manifests.get(version);
    return manifest === undefined
      ? { status: 404, body: { error: 'no such version' } }
      : { status: 200, body: manifest };
  }

  #route(model: string, body: Buffer): Answer {
    const current = this.routes.at(-1) ?? null;
    const at = new Date('2026-11-24T00:00:00Z');
    const route = nextRoute(current, JSON.parse(body.toString()), { model, actor: 'somebody', at });
    if (route !== current) this.routes.push(route);
    return { status: route === current ? 200 : 201, body: { route, copyPending: false } };
  }

  #history(): Answer {
    return { status: 200, body: { routes: this.routes.toReversed(), next: null } };
  }
}

function refusal(error: unknown): Answer {
  if (error instanceof PopserveError) return { status: error.status, body: { error: error.message } };
  return { status: 500, body: { error: String(error) } };
}
