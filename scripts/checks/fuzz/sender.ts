// One request over a kept connection, with how long its answer took.
import { Agent, request } from 'node:http';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { WireRequest } from './fuzz-request.ts';

export interface FuzzAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly tookMs: number;
}

const longestMs = 30_000;

export class Sender implements Disposable {
  readonly #url: URL;
  readonly #agent: Agent;

  constructor(url: URL, connections: number) {
    this.#url = url;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /**
   * workerd closes a connection that was idle for 5 seconds, and after a long task before it looks whether something came: then
   * the request is sent once more, over a connection of its own.
   * @throws Error when no answer comes
   */
  async send(wire: WireRequest): Promise<FuzzAnswer> {
    try {
      return await this.#once(wire, this.#agent);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ECONNRESET')) throw error;
      return await this.#once(wire, false);
    }
  }

  #once({ method, path, headers, body }: WireRequest, agent: Agent | false): Promise<FuzzAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<FuzzAnswer>();
    const begun = performance.now();
    const sent = request(
      {
        agent,
        host: this.#url.hostname,
        port: this.#url.port,
        method,
        path,
        headers: { ...headers, ...(body === null ? {} : { 'content-length': body.length }) },
        timeout: longestMs,
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const { statusCode: status = 0, headers: answered } = answer;
          const tookMs = performance.now() - begun;
          try {
            resolve({
              status,
              headers: answered,
              body: unpacked(Buffer.concat(chunks), answered['content-encoding']),
              tookMs,
            });
          } catch (error) {
            reject(error);
          }
        });
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${longestMs / 1000} s`)));
    sent.on('error', reject);
    sent.end(body ?? undefined);
    return promise;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

/** As far as the answer says how it is packed, it must be so. */
function unpacked(body: Buffer, encoding: string | undefined): Buffer {
  if (encoding === undefined || body.length === 0) return body;
  if (encoding === 'gzip') return gunzipSync(body);
  if (encoding === 'deflate') return inflateSync(body);
  if (encoding === 'br') return brotliDecompressSync(body);
  throw new Error(`the answer is packed as ${encoding}`);
}
