// The control plane's calls as typed functions; what they answer is told by the schemas of registry/api. What to call in which order is decided elsewhere.
import { openAsBlob } from 'node:fs';
import type * as z from 'zod';
import { type AuditRecord, auditPageSchema } from '../../registry/api/audit.ts';
import {
  type BaselineAction,
  type ModelDrift,
  modelDriftSchema,
  type PlaceBaseline,
  placeBaselineSchema,
} from '../../registry/api/drift.ts';
import { type GarbageReport, garbageReportSchema } from '../../registry/api/garbage.ts';
import {
  type CreatedKey,
  createdKeySchema,
  type KeySummary,
  keyListSchema,
  type RevokedKey,
  revokedKeySchema,
} from '../../registry/api/keys.ts';
import {
  type ModelDetailsAnswer,
  type ModelSummary,
  modelDetailsSchema,
  modelPageSchema,
} from '../../registry/api/models.ts';
import {
  type ObjectPage,
  objectPageSchema,
  type RepairAnswer,
  repairReportSchema,
} from '../../registry/api/objects.ts';
import { type PlatformReport, platformReportSchema } from '../../registry/api/platform.ts';
import { type RouteChangeAnswer, routeChangeSchema, routePageSchema } from '../../registry/api/routes.ts';
import { type DeletedSample, deletedSampleSchema } from '../../registry/api/sample.ts';
import { type ModelShadow, modelShadowSchema } from '../../registry/api/shadow.ts';
import { type ModelStatus, modelStatusSchema } from '../../registry/api/status.ts';
import type { KeyRequest } from '../../registry/api-key.ts';
import { PopserveError } from '../../registry/errors.ts';
import { type Manifest, manifestDigest, manifestSchema, manifestText } from '../../registry/manifest.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import type { Digest } from '../../registry/names.ts';
import { parse, parseJson } from '../../registry/parse.ts';
import type { Route } from '../../registry/route.ts';
import type { RouteAction } from '../../registry/route-action.ts';
import { receiveInto, settleFile, sizeOfFile } from '../transfer/file-bytes.ts';
import { type Call, type Connection, type Reply, urlPath } from './connection.ts';
import { entriesOf } from './pages.ts';

/** Rows that were sampled, each a JSON object. */
export interface InputSample {
  lines: string[];
  /** Rows that were answered in the time that the sample is of. */
  seen: number;
  /** Rows that were drawn and too large to keep. */
  skipped: number;
}

export interface RouteChange extends RouteChangeAnswer {
  /** False: the action changed nothing. */
  created: boolean;
}

/** Time for a slow uplink, 128 KiB a second, on top of the usual limit. */
const uploadBytesPerMs = 131;
/** The largest model over a slow line. */
const blobTimeoutMs = 600_000;
/** Ten times what fits into an isolate. */
const mostBlobBytes = 1024 * mebibyte;
/** All windows of all versions over a slow line. */
const sampleTimeoutMs = 300_000;
const mostSampleBytes = 512 * mebibyte;
/** As many as the server gives at once. */
const auditPageLength = 100;
/** Each of some twenty tries may take 5 s, though none does where storage answers. */
const probeTimeoutMs = 120_000;
/** A repair looks at every model. */
const repairTimeoutMs = 300_000;
/** Garbage collection lists the whole store. */
const garbageTimeoutMs = 300_000;

export class RegistryClient {
  readonly #connection: Connection;
  readonly #actor: () => string;

  /** @param actor who is named in the history; asked for only when something is changed */
  constructor(connection: Connection, actor: () => string) {
    this.#connection = connection;
    this.#actor = actor;
  }

  async hasBlob(digest: Digest): Promise<boolean> {
    const reply = await this.#send({ method: 'HEAD', path: blobPath(digest), accept: [404] });
    return reply.status !== 404;
  }

  /** @throws {PopserveError} NOT_FOUND */
  async getBlob(digest: Digest): Promise<Uint8Array<ArrayBuffer>> {
    const call = { method: 'GET', path: blobPath(digest), timeoutMs: blobTimeoutMs, mostBytes: mostBlobBytes } as const;
    return (await this.#send(call)).body;
  }

  /** @throws {PopserveError} UNPROCESSABLE if the bytes do not have the digest */
  async putBlob(digest: Digest, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#send({
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
    await this.#send({
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
    await this.#send({
      method: 'PUT',
      path: blobPath(digest),
      body,
      headers: { 'content-type': 'application/octet-stream' },
      timeoutMs: 30_000 + Math.ceil(body.size / uploadBytesPerMs),
    });
  }

  /**
   * @returns whether it was new; false if the same content was there
   * @throws {PopserveError} CONFLICT if the version has other content; UNPROCESSABLE naming every fault
   */
  async putManifest(manifest: Manifest): Promise<boolean> {
    const reply = await this.#send({
      method: 'PUT',
      path: urlPath`registry/models/${manifest.model}/versions/${manifest.version}`,
      ...json(manifestText(manifest)),
    });
    return reply.status === 201;
  }

  /** All models, in the order of their names. */
  async listModels(): Promise<ModelSummary[]> {
    const models: ModelSummary[] = [];
    const pages = entriesOf<ModelSummary, string>(async (after) => {
      const query = after === null ? '' : urlPath`?after=${after}`;
      const page = this.#read(modelPageSchema, await this.#get(`registry/models${query}`));
      return { entries: page.models, next: page.next };
    });
    for await (const model of pages) models.push(model);
    return models;
  }

  /** @throws {PopserveError} NOT_FOUND */
  async showModel(model: string): Promise<ModelDetailsAnswer> {
    return this.#read(modelDetailsSchema, await this.#get(urlPath`registry/models/${model}`));
  }

  /** @throws {PopserveError} NOT_FOUND */
  async getManifest(model: string, version: string): Promise<Manifest> {
    return this.#read(manifestSchema, await this.#get(urlPath`registry/models/${model}/versions/${version}`));
  }

  /**
   * A manifest with the digest that the registry has of it.
   * @throws {PopserveError} NOT_FOUND; INTERNAL if this command cannot spell it as the registry does
   */
  async getExactManifest(model: string, version: string): Promise<{ manifest: Manifest; digest: Digest }> {
    const reply = await this.#get(urlPath`registry/models/${model}/versions/${version}`);
    const manifest = this.#read(manifestSchema, reply);
    const digest = await manifestDigest(manifest);
    if (reply.headers.get('etag') === `"${digest}"`) return { manifest, digest };
    throw new PopserveError(
      'INTERNAL',
      `${this.#connection.settings.url} has ${model} ${version} as ${reply.headers.get('etag')}, it was read as ${digest}; use the popserve that the place runs`,
    );
  }

  /** @throws {PopserveError} NOT_FOUND; CONFLICT while a route names the version */
  async retireVersion(model: string, version: string): Promise<void> {
    await this.#send({ method: 'DELETE', path: urlPath`registry/models/${model}/versions/${version}` });
  }

  /** Forgets the failed trials of a version. @throws {PopserveError} NOT_FOUND; PERMISSION_DENIED without scope admin */
  async retryVersion(model: string, version: string): Promise<void> {
    await this.#send({ method: 'POST', path: urlPath`registry/models/${model}/versions/${version}/retry` });
  }

  /**
   * @param ifEpoch only if the route is at this epoch
   * @throws {PopserveError} CONFLICT if the action does not fit the route or somebody else was first
   */
  async appendRoute(model: string, action: RouteAction, ifEpoch?: number): Promise<RouteChange> {
    // Twice the same activation is one; twice a rollback goes back twice, unless an epoch holds the second one off.
    const relative = action.action === 'promote' || (action.action === 'rollback' && action.version === undefined);
    const { body, headers } = json(JSON.stringify(action));
    const reply = await this.#send({
      method: 'POST',
      path: urlPath`registry/models/${model}/routes`,
      body,
      headers: { ...headers, ...(ifEpoch === undefined ? {} : { 'if-match': `"${ifEpoch}"` }) },
      repeat: relative || ifEpoch !== undefined ? 'refused' : 'always',
    });
    return { ...this.#read(routeChangeSchema, reply), created: reply.status === 201 };
  }

  /** The newest routes of a model, newest first. */
  async history(model: string, limit: number): Promise<Route[]> {
    const routes: Route[] = [];
    const pages = entriesOf<Route, number>(async (before) => {
      const query = before === null ? '' : `&before=${before}`;
      const path = `${urlPath`registry/models/${model}/routes`}?limit=${Math.min(100, limit - routes.length)}${query}`;
      const page = this.#read(routePageSchema, await this.#get(path));
      return { entries: page.routes, next: page.next };
    });
    for await (const route of pages) {
      routes.push(route);
      if (routes.length >= limit) break;
    }
    return routes;
  }

  /** @throws {PopserveError} NOT_FOUND */
  async drift(model: string, filter: { pop?: string; version?: string }): Promise<ModelDrift> {
    const query = new URLSearchParams(filter).toString();
    const path = urlPath`registry/models/${model}/drift`;
    return this.#read(modelDriftSchema, await this.#get(query === '' ? path : `${path}?${query}`));
  }

  /** Gives a place a baseline of its own, or takes it away. @throws {PopserveError} CONFLICT where there is nothing to do it with */
  async changeBaseline(model: string, action: BaselineAction): Promise<PlaceBaseline> {
    const call = {
      method: 'POST',
      path: urlPath`registry/models/${model}/drift`,
      ...json(JSON.stringify(action)),
      // A second acceptance would take newer windows.
      repeat: 'refused',
    } as const;
    return this.#read(placeBaselineSchema, await this.#send(call));
  }

  /** The versions that the PoPs serve, and their counts. @throws {PopserveError} NOT_FOUND */
  async status(model: string): Promise<ModelStatus> {
    return this.#read(modelStatusSchema, await this.#get(urlPath`registry/models/${model}/status`));
  }

  /** How the answers of shadows compare. @throws {PopserveError} NOT_FOUND */
  async shadow(model: string): Promise<ModelShadow> {
    return this.#read(modelShadowSchema, await this.#get(urlPath`registry/models/${model}/shadow`));
  }

  /** @throws {PopserveError} NOT_FOUND; PERMISSION_DENIED without scope admin */
  async sample(model: string, filter: { pop?: string; version?: string }): Promise<InputSample> {
    const query = new URLSearchParams(filter).toString();
    const path = urlPath`registry/models/${model}/sample`;
    const call = { path: query === '' ? path : `${path}?${query}`, timeoutMs: sampleTimeoutMs };
    const { body, headers } = await this.#send({ ...call, method: 'GET', mostBytes: mostSampleBytes });
    return {
      lines: new TextDecoder()
        .decode(body)
        .split('\n')
        .filter((line) => line !== ''),
      seen: Number(headers.get('popserve-sample-seen')),
      skipped: Number(headers.get('popserve-sample-skipped')),
    };
  }

  /** @throws {PopserveError} NOT_FOUND; PERMISSION_DENIED without scope admin */
  async deleteSample(model: string): Promise<DeletedSample> {
    const reply = await this.#send({ method: 'DELETE', path: urlPath`registry/models/${model}/sample` });
    return this.#read(deletedSampleSchema, reply);
  }

  /** The changes that were made, newest first, read a page at a time as they are asked for. */
  audit(): AsyncGenerator<AuditRecord, void, void> {
    return entriesOf<AuditRecord, string>(async (after) => {
      const query = after === null ? '' : urlPath`&after=${after}`;
      const page = this.#read(auditPageSchema, await this.#get(`registry/audit?limit=${auditPageLength}${query}`));
      return { entries: page.records, next: page.next };
    });
  }

  /** A page of everything that the registry keeps. @throws {PopserveError} PERMISSION_DENIED without scope admin */
  async listObjects(after: string | null): Promise<ObjectPage> {
    const query = after === null ? '' : urlPath`?after=${after}`;
    return this.#read(objectPageSchema, await this.#get(`registry/objects${query}`));
  }

  /** The content of an object that is not a blob. @throws {PopserveError} NOT_FOUND */
  async readObject(key: string): Promise<string> {
    return new TextDecoder().decode((await this.#get(objectPath(key))).body);
  }

  /**
   * Puts an object back that is missing.
   * @returns false if it is there with the same content
   * @throws {PopserveError} CONFLICT if it is there with other content; UNPROCESSABLE if the content does not belong under the key
   */
  async restoreObject(key: string, text: string): Promise<boolean> {
    return (await this.#send({ method: 'PUT', path: objectPath(key), ...json(text) })).status === 201;
  }

  /** Has the copies in KV written that are missing, old or ahead of the log. */
  async repair(): Promise<RepairAnswer> {
    const reply = await this.#send({ method: 'POST', path: 'registry/repair', timeoutMs: repairTimeoutMs });
    return this.#read(repairReportSchema, reply);
  }

  async collectGarbage(dryRun: boolean): Promise<GarbageReport> {
    const reply = await this.#send({
      method: 'POST',
      path: 'registry/gc',
      ...json(JSON.stringify({ dryRun })),
      timeoutMs: garbageTimeoutMs,
    });
    return this.#read(garbageReportSchema, reply);
  }

  /** @returns the key itself too, which cannot be had again */
  async createKey(request: KeyRequest): Promise<CreatedKey> {
    // Not repeated once it may have been acted on: the first key would be valid and nobody would know it.
    const call = {
      method: 'POST',
      path: 'registry/keys',
      ...json(JSON.stringify(request)),
      repeat: 'refused',
    } as const;
    return this.#read(createdKeySchema, await this.#send(call));
  }

  /** Scope admin. @throws {PopserveError} NOT_FOUND from a PoP whose Worker is older than the command */
  async probePlatform(): Promise<PlatformReport> {
    const path = 'registry/probe';
    return this.#read(platformReportSchema, await this.#send({ method: 'POST', path, timeoutMs: probeTimeoutMs }));
  }

  /** All keys, the newest first, and the ids of those whose record cannot be read. */
  async listKeys(): Promise<{ keys: KeySummary[]; damaged: string[] }> {
    const keys: KeySummary[] = [];
    const damaged: string[] = [];
    const pages = entriesOf<KeySummary, string>(async (after) => {
      const query = after === null ? '' : urlPath`?after=${after}`;
      const page = this.#read(keyListSchema, await this.#get(`registry/keys${query}`));
      for (const id of page.damaged ?? []) damaged.push(id);
      return { entries: page.keys, next: page.next };
    });
    for await (const key of pages) keys.push(key);
    return { keys: keys.sort((a, b) => b.createdAt.localeCompare(a.createdAt)), damaged };
  }

  /** @throws {PopserveError} NOT_FOUND */
  async revokeKey(id: string, reason: string | null): Promise<RevokedKey> {
    const path = urlPath`registry/keys/${id}`;
    return this.#read(
      revokedKeySchema,
      await this.#send({ method: 'DELETE', path, ...json(JSON.stringify({ reason })) }),
    );
  }

  #get(path: string): Promise<Reply> {
    return this.#send({ method: 'GET', path });
  }

  #send(call: Omit<Call, 'authorized' | 'repeat'> & Partial<Pick<Call, 'repeat'>>): Promise<Reply> {
    const changes = call.method !== 'GET' && call.method !== 'HEAD';
    const headers = changes ? { ...call.headers, 'popserve-actor': this.#actor() } : { ...call.headers };
    return this.#connection.send({ repeat: 'always', ...call, headers, authorized: true });
  }

  #read<S extends z.ZodType>(schema: S, reply: Reply): z.output<S> {
    const what = `the answer of ${this.#connection.settings.url}`;
    return parse(schema, parseJson(new TextDecoder().decode(reply.body), what, 'INTERNAL'), what, 'INTERNAL');
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

function json(body: string): { body: string; headers: Record<string, string> } {
  return { body, headers: { 'content-type': 'application/json' } };
}
