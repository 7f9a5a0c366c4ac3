// Attacks that are requests and nothing else, and how their bodies are packed.
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { HttpSender, type SentRequest } from '../http-sender.ts';
import type { Flood } from './kind.ts';
import { type Identity, sendAs, type Target } from './target.ts';

/** An answer may take long on a busy machine; one that never comes is told as such. */
const longestMs = 60_000;
const connections = 8;

export function requestFlood(flood: {
  readonly name: string;
  readonly about: string;
  readonly perSecond: number;
  /** Sent in turn. */
  readonly requests: (target: Target) => readonly SentRequest[] | Promise<readonly SentRequest[]>;
}): Flood {
  const { requests, ...rest } = flood;
  return {
    ...rest,
    async prepare(target, attacker) {
      const wanted = await requests(target);
      const sender = new HttpSender({ connections, longestMs });
      const each = wanted.map((request) => async (as: Identity) => {
        const { status } = await sendAs(sender, target, as, request);
        return String(status);
      });
      let next = 0;
      return {
        each,
        async fire() {
          const send = each[next++ % each.length];
          if (send === undefined) throw new Error('there is nothing to send');
          return await send(attacker);
        },
        end: () => sender[Symbol.dispose](),
      };
    },
  };
}

export function inferOf(model: string): string {
  return `/v2/models/${model}/infer`;
}

export function json(path: string, body: string, method = 'POST'): SentRequest {
  return { method, path, headers: { 'content-type': 'application/json' }, body };
}

export function gzip(path: string, body: string, method = 'POST'): SentRequest {
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  return { method, path, headers, body: gzipSync(body) };
}

/**
 * An object's members with a random `id` in front, so that its gzip is no more than the allowed hundred times smaller: the largest
 * JSON that is let in, in as few bytes as it can come in.
 */
export function padded(members: string): string {
  return `{"id":"${randomBytes(70_000).toString('base64')}",${members}}`;
}

/** `one` so many times, with commas. */
export function repeated(one: string, times: number): string {
  return new Array<string>(times).fill(one).join(',');
}

export function input(datatype: string, shape: readonly number[], data: string): string {
  return `"inputs":[{"name":"x","datatype":"${datatype}","shape":[${shape.join(',')}],"data":[${data}]}]`;
}
