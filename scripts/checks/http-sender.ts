// Requests over kept connections, light enough that the sender leaves the machine to what it tests. Benchmarks of single requests
// have their own, bench/http-connection.ts: even this one takes as long as the server that they measure.
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';

export interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | null;
}

export interface ReceivedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** From the request's first byte to the answer's last. */
  readonly tookMs: number;
}

export class HttpSender implements Disposable {
  readonly #agent: Agent;
  readonly #longestMs: number;

  /** @param options how many connections are kept to one port, and after which time an answer is given up */
  constructor(options: { connections: number; longestMs: number }) {
    const { connections, longestMs } = options;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections });
    this.#longestMs = longestMs;
  }

  /**
   * Sends to a port of this machine. workerd closes a connection that was idle for 5 s, after a long task before it looks whether
   * something came on it: a request that met the end of a kept connection never arrived and goes out again on a new one.
   * @throws Error when no answer comes
   */
  async send(port: number, wanted: SentRequest): Promise<ReceivedAnswer> {
    return (await this.#once(port, wanted, this.#agent)) ?? (await this.#once(port, wanted, false)) ?? closed();
  }

  /** @returns null if a kept connection was just closing */
  async #once(
    port: number,
    { method, path, headers, body = null }: SentRequest,
    agent: Agent | false,
  ): Promise<ReceivedAnswer | null> {
    const begunMs = performance.now();
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const length = body === null ? {} : { 'content-length': Buffer.byteLength(body) };
    const sent = request(
      { agent, host: '127.0.0.1', port, method, path, timeout: this.#longestMs, headers: { ...headers, ...length } },
      resolve,
    );
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${this.#longestMs / 1000} s`)));
    sent.end(body ?? undefined);
    try {
      const answer = await promise;
      const received = await buffer(answer);
      const tookMs = performance.now() - begunMs;
      return { status: answer.statusCode ?? 0, headers: answer.headers, body: received, tookMs };
    } catch (error) {
      if (sent.reusedSocket && error instanceof Error && 'code' in error && error.code === 'ECONNRESET') return null;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

function closed(): never {
  throw new Error('the server closed the connection');
}
