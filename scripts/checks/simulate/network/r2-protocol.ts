// The protocol between workerd's R2 binding and the service behind it, as far as the registry uses R2. Read and written here
// so that the Worker's own binding is the real one.
// @see workerd src/workerd/api/r2-api.capnp and r2-rpc.c++; miniflare src/workers/r2
import type { IncomingMessage } from 'node:http';
import type { ObjectPage, StoredObject } from './object-store.ts';

export interface R2Call {
  readonly method: 'head' | 'get' | 'list' | 'put' | 'delete';
  readonly object?: string;
  readonly objects?: readonly string[];
  readonly range?: { readonly offset?: number; readonly length?: number };
  readonly prefix?: string;
  readonly limit?: number;
  readonly delimiter?: string;
  readonly cursor?: string;
  readonly sha256?: string;
  readonly customFields?: StoredObject['customFields'];
  readonly onlyIf?: {
    readonly etagDoesNotMatch?: readonly { readonly type: string }[];
    readonly etagMatches?: readonly { readonly value: string }[];
  };
}

export interface R2Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Comes first in the body; apart from the content, which is never copied. */
  readonly metadata: Buffer;
  readonly content: Buffer;
}

export const r2Codes = {
  internal: 10_001,
  absent: 10_007,
  precondition: 10_031,
  wrongDigest: 10_037,
  tooSoon: 10_058,
} as const;

/** @returns the call and the bytes that come with it; null if the request is not for R2 */
export function readR2Call(request: IncomingMessage, body: Buffer): { call: R2Call; payload: Buffer } | null {
  const inHeader = request.headers['cf-r2-request'];
  if (typeof inHeader === 'string') return { call: JSON.parse(inHeader) as R2Call, payload: Buffer.alloc(0) };
  const size = request.headers['cf-r2-metadata-size'];
  if (typeof size !== 'string') return null;
  const call = JSON.parse(body.toString('utf8', 0, Number(size))) as R2Call;
  return { call, payload: body.subarray(Number(size)) };
}

/** @param content the bytes asked for; null for the properties alone */
export function objectAnswer(
  object: StoredObject,
  content: { readonly bytes: Buffer; readonly offset: number } | null,
): R2Answer {
  const range = content && { offset: content.offset, length: content.bytes.length };
  return metadataAnswer(properties(object, range), content?.bytes);
}

export function listAnswer({ objects, prefixes, cursor }: ObjectPage): R2Answer {
  return metadataAnswer({
    objects: objects.map((object) => properties(object, null)),
    truncated: cursor !== null,
    ...(cursor === null ? {} : { cursor }),
    delimitedPrefixes: prefixes,
  });
}

export function errorAnswer(status: number, v4code: number, message: string): R2Answer {
  const error = JSON.stringify({ version: 1, v4code, message });
  return { status, headers: { 'cf-r2-error': error }, metadata: Buffer.alloc(0), content: Buffer.alloc(0) };
}

function metadataAnswer(metadata: object, content: Buffer = Buffer.alloc(0)): R2Answer {
  const bytes = Buffer.from(JSON.stringify(metadata));
  return {
    status: 200,
    headers: { 'cf-r2-metadata-size': String(bytes.length), 'content-type': 'application/json' },
    metadata: bytes,
    content,
  };
}

function properties(object: StoredObject, range: { offset: number; length: number } | null): object {
  return {
    name: object.key,
    version: object.etag,
    size: object.bytes.length,
    etag: object.etag,
    uploaded: object.uploadedMs,
    httpFields: {},
    customFields: object.customFields,
    ...(range === null ? {} : { range }),
    checksums: {},
  };
}
