// The calls for what the registry keeps, whatever it means: blobs, objects, and the care of the whole store.
import { openAsBlob } from 'node:fs';
import { type GarbageReport, garbageReportSchema } from '../../registry/api/garbage.ts';
import {
  type ObjectPage,
  objectPageSchema,
  type RepairAnswer,
  repairReportSchema,
} from '../../registry/api/objects.ts';
import { type PlatformReport, platformReportSchema } from '../../registry/api/platform.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import type { Digest } from '../../registry/names.ts';
import { receiveInto, settleFile, sizeOfFile } from '../transfer/file-bytes.ts';
import { urlPath } from './connection.ts';
import { json, RegistryCalls } from './registry-calls.ts';

/** Time for a slow uplink, 128 KiB a second, on top of the usual limit. */
const uploadBytesPerMs = 131;
/** The largest model over a slow line. */
const blobTimeoutMs = 600_000;
/** Ten times what fits into an isolate. */
const mostBlobBytes = 1024 * mebibyte;
/** Each of some twenty tries may take 5 s, though none does where storage answers. */
const probeTimeoutMs = 120_000;
/** A repair looks at every model. */
const repairTimeoutMs = 300_000;
/** Garbage collection lists the whole store. */
const garbageTimeoutMs = 300_000;

export class RegistryStore extends RegistryCalls {
  async hasBlob(digest: Digest): Promise<boolean> {
    const reply = await this.send({ method: 'HEAD', path: blobPath(digest), accept: [404] });
    return reply.status !== 404;
  }

  /** @throws {PopserveError} NOT_FOUND */
  async getBlob(digest: Digest): Promise<Uint8Array<ArrayBuffer>> {
    const call = { method: 'GET', path: blobPath(digest), timeoutMs: blobTimeoutMs, mostBytes: mostBlobBytes } as const;
    return (await this.send(call)).body;
  }

  /** @throws {PopserveError} UNPROCESSABLE if the bytes do not have the digest */
  async putBlob(digest: Digest, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.send({
      method: 'PUT',
      path: blobPath(digest),
      body: bytes,
      headers: { 'content-type': 'application/octet-stream' },
      timeoutMs: 30_000 + Math.ceil(bytes.length / uploadBytesPerMs),
    });
  }

  /**
   * Reads a blob into a file, streamed. An earlier call that ended half-way is continued where it ended.
   * @throws {PopserveError} NOT_FOUND; UNPROCESSABLE if the bytes do not have the digest
   */
  async downloadBlob(digest: Digest, file: string): Promise<void> {
    const part = `${file}.part`;
    const had = (await sizeOfFile(part)) ?? 0;
    await this.send({
      method: 'GET',
      path: blobPath(digest),
      headers: { 'accept-encoding': 'identity', ...(had === 0 ? {} : { range: `bytes=${had}-` }) },
      timeoutMs: blobTimeoutMs,
      mostBytes: mostBlobBytes,
      // Nothing is missing behind the end; the digest tells whether what is there is right.
      accept: had === 0 ? [] : [416],
      receive: (answered, body) => receiveInto(part, answered === 206 ? had : 0, body),
    });
    await settleFile(part, file, digest);
  }

  /** Stores a file as a blob, streamed. @throws {PopserveError} UNPROCESSABLE if the bytes do not have the digest */
  async uploadBlob(digest: Digest, file: string): Promise<void> {
    const body = await openAsBlob(file);
    await this.send({
      method: 'PUT',
      path: blobPath(digest),
      body,
      headers: { 'content-type': 'application/octet-stream' },
      timeoutMs: 30_000 + Math.ceil(body.size / uploadBytesPerMs),
    });
  }

  /** A page of everything that the registry keeps. @throws {PopserveError} PERMISSION_DENIED without scope admin */
  async listObjects(after: string | null): Promise<ObjectPage> {
    const query = after === null ? '' : urlPath`?after=${after}`;
    return this.read(objectPageSchema, await this.get(`registry/objects${query}`));
  }

  /** The content of an object that is not a blob. @throws {PopserveError} NOT_FOUND */
  async readObject(key: string): Promise<string> {
    return new TextDecoder().decode((await this.get(objectPath(key))).body);
  }

  /**
   * Puts an object back that is missing.
   * @returns false if it is there with the same content
   * @throws {PopserveError} CONFLICT if it is there with other content; UNPROCESSABLE if the content does not belong under the key
   */
  async restoreObject(key: string, text: string): Promise<boolean> {
    return (await this.send({ method: 'PUT', path: objectPath(key), ...json(text) })).status === 201;
  }

  /** Has the copies in KV written that are missing, old or ahead of the log. */
  async repair(): Promise<RepairAnswer> {
    const reply = await this.send({ method: 'POST', path: 'registry/repair', timeoutMs: repairTimeoutMs });
    return this.read(repairReportSchema, reply);
  }

  async collectGarbage(dryRun: boolean): Promise<GarbageReport> {
    const reply = await this.send({
      method: 'POST',
      path: 'registry/gc',
      ...json(JSON.stringify({ dryRun })),
      timeoutMs: garbageTimeoutMs,
    });
    return this.read(garbageReportSchema, reply);
  }

  /** Scope admin. @throws {PopserveError} NOT_FOUND from a PoP whose Worker is older than the command */
  async probePlatform(): Promise<PlatformReport> {
    const path = 'registry/probe';
    return this.read(platformReportSchema, await this.send({ method: 'POST', path, timeoutMs: probeTimeoutMs }));
  }
}

function blobPath(digest: Digest): string {
  // The colon stays as it is: it is allowed in a path segment.
  return `registry/blobs/${digest}`;
}

/** The slashes of a key stay as they are, and nothing else in it needs an escape. */
function objectPath(key: string): string {
  return `registry/objects/${key}`;
}
