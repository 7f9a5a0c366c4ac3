// A PoP that counts what each request asks of storage, through the built Worker: R2, KV, Durable Objects, rate limiters. It has
// several isolates over the same storage, so that a request can meet one that is cold.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { R2Bucket } from '@cloudflare/workers-types';
import { type Pop, type PopOptions, startPop } from '../../scripts/local-pop/pop.ts';

export interface CountedAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  /** `r2 list`, `r2 get`, `kv get`, `do status`, …: all that the request asked for, behind its answer too. */
  readonly operations: readonly string[];
  /** How often it was counted by the limiter of its key or address. */
  readonly weight: number;
}

type Body = string | Uint8Array<ArrayBuffer> | object;

export class CountedPop {
  readonly pop: Pop;
  readonly bucket: R2Bucket;

  private constructor(pop: Pop, bucket: R2Bucket) {
    this.pop = pop;
    this.bucket = bucket;
  }

  /** @param isolates how many there are, called 0, 1 and so on */
  static async start(
    isolates: number,
    settings: Readonly<Record<string, string>> = {},
    options: Pick<PopOptions, 'rateLimits' | 'onLog'> = {},
  ): Promise<CountedPop> {
    const entry = await readFile(join(import.meta.dirname, 'counted-entry.js'), 'utf8');
    const modules = (worker: string) => ({
      'entry.js': entry,
      ...Object.fromEntries(Array.from({ length: isolates }, (_, index) => [`isolate-${index}.js`, worker])),
    });
    const pop = await startPop({ directory: null, port: 0, settings, platform: { modules }, ...options });
    // The same interface, declared once more by miniflare.
    return new CountedPop(pop, (await pop.miniflare.getR2Bucket('MODELS')) as unknown as R2Bucket);
  }

  stop(): Promise<void> {
    return this.pop.stop();
  }

  /** Asks one isolate as the operator, or with the credentials in the headers. */
  async ask(
    isolate: number,
    method: string,
    path: string,
    body?: Body,
    headers: Readonly<Record<string, string>> = { authorization: `Bearer ${this.pop.token}` },
  ): Promise<CountedAnswer> {
    const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    const answer = await this.#send(
      method,
      path,
      { isolate: String(isolate), ...headers },
      raw ? body : JSON.stringify(body),
    );
    const text = await answer.text();
    const counted = await this.#count();
    const operations = counted.filter((name) => !name.startsWith('limit'));
    const weight = counted.length - operations.length;
    return { status: answer.status, text, headers: answer.headers, operations, weight };
  }

  /** Runs the scheduled handler, as the platform's cron does, in isolate 0. @returns the operations that it asked for */
  async schedule(): Promise<readonly string[]> {
    const worker = await this.pop.miniflare.getWorker();
    await worker.scheduled({ cron: '*/5 * * * *' });
    return await this.#count();
  }

  async #count(): Promise<string[]> {
    return (await (await this.#send('GET', '/', { counted: '1' })).json()) as string[];
  }

  #send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: string | Uint8Array<ArrayBuffer>,
  ): Promise<Response> {
    return fetch(new URL(path, this.pop.url), {
      method,
      headers: { connection: 'close', ...headers },
      ...(body === undefined ? {} : { body }),
    });
  }
}
