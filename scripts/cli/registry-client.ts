// The control plane's calls (DESIGN.md section 6) as typed functions. What to call in which order is decided elsewhere.
import * as z from 'zod';
import { type KeyRequest, scopeSchema } from '../../registry/api-key.ts';
import { type Manifest, manifestSchema, manifestText } from '../../registry/manifest.ts';
import type { Digest } from '../../registry/names.ts';
import { parse, parseJson } from '../../registry/parse.ts';
import { type Route, routeSchema } from '../../registry/route.ts';
import type { RouteAction } from '../../registry/route-action.ts';
import { type Call, type Connection, type Reply, urlPath } from './connection.ts';
import { type DriftDetails, driftSchema } from './drift-details.ts';

const modelListSchema = z.object({
  models: z.array(z.object({ name: z.string(), versions: z.int(), route: routeSchema.nullable() })),
  next: z.string().nullish(),
});

const modelSchema = z.object({
  name: z.string(),
  route: routeSchema.nullable(),
  versions: z.array(
    z.object({ version: z.string(), digest: z.string(), storedAt: z.string(), routedAs: z.array(z.string()) }),
  ),
  retired: z.array(z.string()).default([]),
});

const routeChangeSchema = z.object({ route: routeSchema, copyPending: z.boolean().optional() });

const routePageSchema = z.object({ routes: z.array(routeSchema), next: z.int().nullish() });

const keySchema = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(scopeSchema),
  models: z.array(z.string()).nullable(),
  createdAt: z.string(),
  createdBy: z.string(),
  expiresAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
  revokedBy: z.string().nullable(),
  revokedReason: z.string().nullable(),
});

const createdKeySchema = z.object({ key: keySchema, token: z.string() });
const keyListSchema = z.object({ keys: z.array(keySchema) });
const revokedKeySchema = z.object({ key: keySchema, everywhereWithinSeconds: z.number() });

const deletedSampleSchema = z.object({ model: z.string(), rows: z.int() });

const garbageSchema = z.object({
  dryRun: z.boolean(),
  blobs: z.array(z.object({ digest: z.string(), bytes: z.int() })),
  bytes: z.int(),
  youngBlobs: z.int(),
  namedBlobs: z.int(),
});

const telemetrySchema = z.object({
  model: z.string(),
  route: routeSchema.nullable(),
  release: z
    .object({
      epoch: z.int(),
      releasedAtMs: z.int(),
      pops: z.int(),
      reachedPops: z.int(),
      reach50Ms: z.number().nullable(),
      reach90Ms: z.number().nullable(),
      reach100Ms: z.number().nullable(),
    })
    .nullable(),
  pops: z.array(
    z.object({
      pop: z.string(),
      epoch: z.int(),
      highestEpoch: z.int(),
      isolates: z.int(),
      stable: z.string().nullable(),
      canary: z.object({ version: z.string(), percent: z.number() }).nullable(),
      held: z.object({ epoch: z.int(), reason: z.string() }).nullable(),
      seenAtMs: z.int(),
    }),
  ),
  versions: z.array(
    z.object({
      version: z.string(),
      requests: z.int(),
      inferences: z.int(),
      failures: z.int(),
      failuresByCode: z.record(z.string(), z.int()),
      loadFailures: z.int(),
      lastInferenceMs: z.int(),
    }),
  ),
  guard: z.array(z.object({ name: z.string(), limit: z.number(), text: z.string(), passed: z.boolean() })),
});

const shadowSchema = z.object({
  model: z.string(),
  shadow: z.object({ version: z.string(), percent: z.number() }).nullable(),
  pairs: z.array(
    z.object({
      stable: z.string(),
      candidate: z.string(),
      requests: z.int(),
      compared: z.int(),
      disagreements: z.int(),
      disagreementShare: z.number().nullable(),
      errors: z.int(),
      skipped: z.int(),
      meanDifference: z.number().nullable(),
      maxDifference: z.number().nullable(),
      firstAtMs: z.int(),
      lastAtMs: z.int(),
    }),
  ),
});

export type Telemetry = z.infer<typeof telemetrySchema>;
export type ShadowNumbers = z.infer<typeof shadowSchema>;
export type ModelSummary = z.infer<typeof modelListSchema>['models'][number];
export type ModelDetails = z.infer<typeof modelSchema>;
export type GarbageReport = z.infer<typeof garbageSchema>;

/** Rows that were sampled, each a JSON object. */
export interface InputSample {
  lines: string[];
  /** Rows that were answered in the time that the sample is of. */
  seen: number;
  /** Rows that were drawn and too large to keep. */
  skipped: number;
}

export interface RouteChange {
  route: Route;
  /** False: the action changed nothing. */
  created: boolean;
  /** The route stands; PoPs hear of it a little later than usual. */
  copyPending: boolean;
}

/** Time for a slow uplink, 128 KiB a second, on top of the usual limit. */
const uploadBytesPerMs = 131;
/** The largest model over a slow line. */
const blobTimeoutMs = 600_000;
/** All windows of all versions over a slow line. */
const sampleTimeoutMs = 300_000;
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
    return (await this.#send({ method: 'GET', path: blobPath(digest), timeoutMs: blobTimeoutMs })).body;
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
    let after: string | null = null;
    do {
      const query: string = after === null ? '' : urlPath`?after=${after}`;
      const page = this.#read(modelListSchema, await this.#get(`registry/models${query}`));
      for (const model of page.models) models.push(model);
      after = page.next ?? null;
    } while (after !== null);
    return models;
  }

  /** @throws {PopserveError} NOT_FOUND */
  async showModel(model: string): Promise<ModelDetails> {
    return this.#read(modelSchema, await this.#get(urlPath`registry/models/${model}`));
  }

  /** @throws {PopserveError} NOT_FOUND */
  async getManifest(model: string, version: string): Promise<Manifest> {
    return this.#read(manifestSchema, await this.#get(urlPath`registry/models/${model}/versions/${version}`));
  }

  /** @throws {PopserveError} NOT_FOUND; CONFLICT while a route names the version */
  async retireVersion(model: string, version: string): Promise<void> {
    await this.#send({ method: 'DELETE', path: urlPath`registry/models/${model}/versions/${version}` });
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
    const { route, copyPending } = this.#read(routeChangeSchema, reply);
    return { route, created: reply.status === 201, copyPending: copyPending ?? false };
  }

  /** The newest routes of a model, newest first. */
  async history(model: string, limit: number): Promise<Route[]> {
    const routes: Route[] = [];
    let before: number | null = null;
    do {
      const query: string = before === null ? '' : `&before=${before}`;
      const path = `${urlPath`registry/models/${model}/routes`}?limit=${Math.min(100, limit - routes.length)}${query}`;
      const page = this.#read(routePageSchema, await this.#get(path));
      for (const route of page.routes) routes.push(route);
      before = page.next ?? null;
    } while (before !== null && routes.length < limit);
    return routes.slice(0, limit);
  }

  /** @throws {PopserveError} NOT_FOUND */
  async drift(model: string, filter: { pop?: string; version?: string }): Promise<DriftDetails> {
    const query = new URLSearchParams(filter).toString();
    const path = urlPath`registry/models/${model}/drift`;
    return this.#read(driftSchema, await this.#get(query === '' ? path : `${path}?${query}`));
  }

  /** What the PoPs serve and have counted. @throws {PopserveError} NOT_FOUND */
  async status(model: string): Promise<Telemetry> {
    return this.#read(telemetrySchema, await this.#get(urlPath`registry/models/${model}/status`));
  }

  /** How the answers of shadows compare. @throws {PopserveError} NOT_FOUND */
  async shadow(model: string): Promise<ShadowNumbers> {
    return this.#read(shadowSchema, await this.#get(urlPath`registry/models/${model}/shadow`));
  }

  /** @throws {PopserveError} NOT_FOUND; PERMISSION_DENIED without scope admin */
  async sample(model: string, filter: { pop?: string; version?: string }): Promise<InputSample> {
    const query = new URLSearchParams(filter).toString();
    const path = urlPath`registry/models/${model}/sample`;
    const call = { method: 'GET', path: query === '' ? path : `${path}?${query}`, timeoutMs: sampleTimeoutMs } as const;
    const { body, headers } = await this.#send(call);
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
  async deleteSample(model: string): Promise<z.infer<typeof deletedSampleSchema>> {
    const reply = await this.#send({ method: 'DELETE', path: urlPath`registry/models/${model}/sample` });
    return this.#read(deletedSampleSchema, reply);
  }

  async collectGarbage(dryRun: boolean): Promise<GarbageReport> {
    const reply = await this.#send({
      method: 'POST',
      path: 'registry/gc',
      ...json(JSON.stringify({ dryRun })),
      timeoutMs: garbageTimeoutMs,
    });
    return this.#read(garbageSchema, reply);
  }

  /** @returns the key itself too, which cannot be had again */
  async createKey(request: KeyRequest): Promise<z.infer<typeof createdKeySchema>> {
    // Not repeated once it may have been acted on: the first key would be valid and nobody would know it.
    const call = {
      method: 'POST',
      path: 'registry/keys',
      ...json(JSON.stringify(request)),
      repeat: 'refused',
    } as const;
    return this.#read(createdKeySchema, await this.#send(call));
  }

  async listKeys(): Promise<z.infer<typeof keyListSchema>['keys']> {
    return this.#read(keyListSchema, await this.#get('registry/keys')).keys;
  }

  /** @throws {PopserveError} NOT_FOUND */
  async revokeKey(id: string, reason: string | null): Promise<z.infer<typeof revokedKeySchema>> {
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

function json(body: string): { body: string; headers: Record<string, string> } {
  return { body, headers: { 'content-type': 'application/json' } };
}
