// A double of the platform for wrangler (`CLOUDFLARE_API_BASE_URL`): an account behind the API's calls and an edge that runs in
// workerd what was uploaded. For tests and checks; it listens on this machine only.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Account, type AccountOptions } from './account.ts';
import { findCall } from './api.ts';
import { Edge } from './edge.ts';
import type { Fault } from './faults.ts';
import { ApiRefusal } from './refusal.ts';

const apiPath = '/client/v4/';

export interface LoggedCall {
  /** `PUT workers/scripts/{script}`; a call that the double does not know has its path. */
  readonly name: string;
  /** Null where the connection was dropped. */
  readonly status: number | null;
}

export class CloudflareDouble {
  readonly account: Account;
  readonly edge: Edge;
  /** Every call since the start or since it was emptied. */
  readonly calls: LoggedCall[] = [];
  /** Calls that the double does not know: none, unless wrangler has changed. */
  readonly unknown: string[] = [];
  fault: Fault | null = null;
  readonly #server: Server;
  readonly #directory: string;

  private constructor(options: AccountOptions, directory: string) {
    this.account = new Account(options);
    this.edge = new Edge(this.account, directory);
    this.#directory = directory;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(options: AccountOptions = { plan: 'paid' }): Promise<CloudflareDouble> {
    const directory = await mkdtemp(join(tmpdir(), 'popserve-double-'));
    const double = new CloudflareDouble(options, directory);
    double.#server.listen(0, '127.0.0.1');
    await once(double.#server, 'listening');
    return double;
  }

  /** For the environment of wrangler: the double in place of the platform, and nothing sent anywhere else. */
  get environment(): Record<string, string> {
    const { port } = this.#server.address() as AddressInfo;
    return {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}${apiPath.slice(0, -1)}`,
      CLOUDFLARE_API_TOKEN: 'double',
      CLOUDFLARE_ACCOUNT_ID: this.account.id,
      WRANGLER_SEND_METRICS: 'false',
      WRANGLER_LOG_PATH: join(this.#directory, 'logs'),
    };
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await this.edge.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://double');
    const path = pathname.replace(apiPath, '');
    const method = request.method ?? 'GET';
    const body = new Uint8Array(await buffer(request));
    const contentType = request.headers['content-type'] ?? '';
    const call = findCall(this.account, this.edge, { method, path, body, contentType });
    const name = call?.name ?? `${method} ${path}`;
    const fault = this.fault?.call === name ? this.fault.kind : null;
    const answer = (status: number, content: object) => {
      this.calls.push({ name, status });
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
    };
    const drop = () => {
      this.calls.push({ name, status: null });
      response.destroy();
    };
    if (fault === 'dropped') return drop();
    if (fault === 'rate-limited') return answer(429, refused(10429, 'Too many requests.'));
    if (fault === 'internal-error') return answer(500, refused(10001, 'Internal server error.'));
    try {
      if (!call) {
        this.unknown.push(name);
        throw new ApiRefusal(404, 7003, `the double does not know ${name}`);
      }
      const result = await call.act();
      if (fault === 'dropped-after') return drop();
      const page = Number(searchParams.get('page') ?? 1);
      answer(200, { success: true, errors: [], messages: [], ...paged(result, page) });
    } catch (error) {
      if (error instanceof ApiRefusal) return answer(error.status, refused(error.code, error.message));
      answer(500, refused(10001, String(error)));
    }
  }
}

/** Lists are one page each; wrangler asks for further ones until one is empty. */
function paged(result: unknown, page: number): object {
  if (!Array.isArray(result)) return { result };
  const count = result.length;
  const info = {
    page,
    per_page: Math.max(100, count),
    count: page === 1 ? count : 0,
    total_count: count,
    total_pages: 1,
  };
  return { result: page === 1 ? result : [], result_info: info };
}

function refused(code: number, message: string): object {
  return { success: false, errors: [{ code, message }], messages: [], result: null };
}
