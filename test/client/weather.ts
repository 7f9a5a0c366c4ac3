// The network between a client and a PoP, as a proxy whose weather a test makes: answers of an overloaded PoP, silence, no connection.

import { createServer, request, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { close, listen } from '../harness/http-server.ts';

export interface Storm {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export class Weather {
  readonly #server: Server;
  readonly #silenced: ServerResponse[] = [];
  /** Where it listens, in front of the PoP. */
  url = '';
  /** The faults that the next requests meet, one each; then the PoP answers. */
  readonly ahead: (Storm | 'silence' | 'reset')[] = [];
  /** Requests that arrived: `POST /v2/…`, with their headers. */
  readonly arrived: { call: string; headers: Readonly<Record<string, string | string[] | undefined>> }[] = [];
  /** Set: the answer's body is replaced. */
  spoil: ((body: Buffer) => Buffer) | null = null;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async over(target: URL): Promise<Weather> {
    const weather: Weather = new Weather(
      createServer((incoming, outgoing) => {
        weather.arrived.push({ call: `${incoming.method} ${incoming.url}`, headers: incoming.headers });
        const next = weather.ahead.shift();
        if (next === 'reset') return incoming.socket.destroy();
        if (next === 'silence') return weather.#silenced.push(outgoing);
        if (next) return outgoing.writeHead(next.status, next.headers).end(next.body ?? '{"error":"too much to do"}');
        const { method, headers } = incoming;
        const passed = request(new URL(incoming.url ?? '/', target), { method, headers }, async (answer) => {
          const { 'transfer-encoding': _, 'content-length': __, ...kept } = answer.headers;
          const body = await buffer(answer);
          outgoing.writeHead(answer.statusCode ?? 502, kept).end(weather.spoil?.(body) ?? body);
        });
        incoming.pipe(passed);
        passed.on('error', () => outgoing.destroy());
      }),
    );
    weather.url = await listen(weather.#server);
    return weather;
  }

  /** Forgets what is ahead and what arrived. */
  clear(): void {
    this.ahead.length = 0;
    this.arrived.length = 0;
    this.spoil = null;
  }

  async stop(): Promise<void> {
    for (const outgoing of this.#silenced) outgoing.destroy();
    await close(this.#server);
  }
}
