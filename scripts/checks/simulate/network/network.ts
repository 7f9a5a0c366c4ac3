// The storage side of the simulated network: one HTTP server that every PoP's real R2 and KV bindings end at. It knows which
// PoP asks, gives it its own view of KV and the shared bucket, and does to the answer what the faults of the moment say.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../../random.ts';
import type { FaultKind, Faults } from './faults.ts';
import type { ObjectStore } from './object-store.ts';
import {
  errorAnswer,
  listAnswer,
  objectAnswer,
  type R2Answer,
  type R2Call,
  r2Codes,
  readR2Call,
} from './r2-protocol.ts';
import type { ReplicatedKv } from './replicated-kv.ts';

/** The header by which workerd says which PoP a storage call comes from. */
export const popHeader = 'simulated-pop';

const pieceBytes = 262_144;

export interface NetworkOptions {
  readonly bucket: ObjectStore;
  readonly kv: ReplicatedKv;
  readonly faults: Pick<Faults, 'active'>;
  /** Draws the faults that come by chance. */
  readonly random: Random;
  /** How much older than it should a stale KV answer is. */
  readonly staleMs: number;
}

/** Calls that the network has answered, and those that a fault touched. */
export interface NetworkCounts {
  kvReads: number;
  kvWrites: number;
  r2Calls: number;
  disturbed: number;
  /** Writes to a key that was written within the second. */
  refusedWrites: number;
}

export class Network {
  readonly counts: NetworkCounts = { kvReads: 0, kvWrites: 0, r2Calls: 0, disturbed: 0, refusedWrites: 0 };
  readonly #options: NetworkOptions;
  readonly #server: Server;
  /** Storage writes that a PoP may still make before its operator dies. */
  readonly #writesLeft = new Map<string, number>();

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server.keepAliveTimeout = 60_000;
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** From now on only so many writes of this PoP reach the storage, then none: its operator's process is gone. Null: all. */
  allowWrites(pop: string, count: number | null): void {
    if (count === null) this.#writesLeft.delete(pop);
    else this.#writesLeft.set(pop, count);
  }

  /** What KV has at a PoP now; null for nothing. */
  kvValue(pop: string, key: string): Buffer | null {
    return this.#options.kv.get(pop, key, Date.now());
  }

  objectExists(key: string): boolean {
    return this.#options.bucket.get(key) !== null;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const pop = String(request.headers[popHeader]);
    const active = this.#options.faults.active(pop, Date.now());
    if (active.has('cut-off')) return this.#disturb(() => response.destroy());
    if (this.#hasDied(pop, request.method)) return this.#disturb(() => response.destroy());
    const r2 = readR2Call(request, body);
    if (r2) await this.#answerR2(response, active, r2.call, r2.payload);
    else this.#answerKv(request, response, pop, active, body);
  }

  #hasDied(pop: string, method: string | undefined): boolean {
    const left = this.#writesLeft.get(pop);
    if (left === undefined) return false;
    if (method === 'GET') return left <= 0;
    this.#writesLeft.set(pop, left - 1);
    return left <= 0;
  }

  #disturb(act: () => void): void {
    this.counts.disturbed++;
    act();
  }

  #answerKv(
    request: IncomingMessage,
    response: ServerResponse,
    pop: string,
    active: Set<FaultKind>,
    body: Buffer,
  ): void {
    if (active.has('kv-failing')) {
      this.#disturb(() => response.writeHead(500).end());
      return;
    }
    const key = decodeURIComponent(new URL(request.url ?? '/', 'http://kv').pathname.slice(1));
    const { kv, staleMs } = this.#options;
    if (request.method === 'PUT') {
      this.counts.kvWrites++;
      const isTaken = kv.put(pop, key, body, Date.now());
      if (!isTaken) this.counts.refusedWrites++;
      response.writeHead(isTaken ? 200 : 429).end();
      return;
    }
    this.counts.kvReads++;
    const stale = active.has('kv-stale');
    if (stale) this.counts.disturbed++;
    const value = kv.get(pop, key, Date.now(), stale ? staleMs : 0);
    if (value) response.writeHead(200, { 'content-length': value.length }).end(value);
    else response.writeHead(404).end();
  }

  async #answerR2(response: ServerResponse, active: Set<FaultKind>, call: R2Call, payload: Buffer): Promise<void> {
    this.counts.r2Calls++;
    const { random } = this.#options;
    if (active.has('r2-errors') && random.chance(0.5)) {
      this.counts.disturbed++;
      return await send(response, errorAnswer(503, r2Codes.internal, 'We encountered an internal error.'));
    }
    if (active.has('r2-slow')) {
      this.counts.disturbed++;
      await delay(50 + 350 * random.uniform());
    }
    const answer = this.#call(call, payload);
    const blob = call.method === 'get' && call.object?.startsWith('blobs/') && answer.status === 200;
    if (blob && active.has('blob-corrupted')) {
      this.counts.disturbed++;
      return await send(response, { ...answer, content: flipBit(answer.content) });
    }
    if (blob && active.has('blob-truncated')) {
      this.counts.disturbed++;
      writeHead(response, answer);
      response.write(answer.content.subarray(0, answer.content.length - 20), () => response.destroy());
      return;
    }
    await send(response, answer);
  }

  #tooSoon(): R2Answer {
    this.counts.refusedWrites++;
    return errorAnswer(429, r2Codes.tooSoon, 'Reduce your concurrent request rate for the same object.');
  }

  #call(call: R2Call, payload: Buffer): R2Answer {
    const { bucket } = this.#options;
    const absent = errorAnswer(404, r2Codes.absent, 'The specified key does not exist.');
    switch (call.method) {
      case 'list':
        return listAnswer(bucket.list({ ...call, after: call.cursor }));
      case 'delete':
        if (!bucket.delete(call.objects ?? (call.object === undefined ? [] : [call.object]))) return this.#tooSoon();
        return { status: 200, headers: {}, metadata: Buffer.alloc(0), content: Buffer.alloc(0) };
      case 'put': {
        const createOnly = call.onlyIf?.etagDoesNotMatch?.some(({ type }) => type === 'wildcard') ?? false;
        const etag = call.onlyIf?.etagMatches?.[0]?.value;
        const { sha256, customFields } = call;
        const conditions = { createOnly, etag, sha256, customFields };
        const stored = bucket.put(call.object ?? '', Buffer.from(payload), conditions);
        if (stored === 'too-soon') return this.#tooSoon();
        if (stored === 'precondition')
          return errorAnswer(412, r2Codes.precondition, 'At least one precondition failed.');
        if (stored === 'wrong-digest') return errorAnswer(400, r2Codes.wrongDigest, 'The digest did not match.');
        return objectAnswer(stored, null);
      }
      case 'head':
      case 'get': {
        const object = bucket.get(call.object ?? '');
        if (!object) return absent;
        if (call.method === 'head') return objectAnswer(object, null);
        const offset = call.range?.offset ?? 0;
        const bytes = object.bytes.subarray(offset, offset + (call.range?.length ?? object.bytes.length));
        return objectAnswer(object, { bytes, offset });
      }
    }
  }
}

/** In pieces: the requests of the devices come from the same thread, and their times would tell of this one's work. */
async function send(response: ServerResponse, answer: R2Answer): Promise<void> {
  const { content } = answer;
  writeHead(response, answer);
  for (let start = 0; start < content.length && !response.destroyed; start += pieceBytes) {
    if (!response.write(content.subarray(start, start + pieceBytes))) await drained(response);
  }
  response.end();
}

function writeHead(response: ServerResponse, { status, headers, metadata, content }: R2Answer): void {
  response.writeHead(status, { ...headers, 'content-length': metadata.length + content.length });
  response.write(metadata);
}

/** @returns when there is room again, or nobody reads any more */
async function drained(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once('drain', resolve).once('close', resolve);
  await promise;
  response.off('drain', resolve).off('close', resolve);
}

/** In the weights at the end, where the file stays a model. */
function flipBit(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  const place = changed.length - Math.min(64, changed.length);
  changed[place] = (changed[place] ?? 0) ^ 1;
  return changed;
}
