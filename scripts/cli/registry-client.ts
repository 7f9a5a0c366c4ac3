// The calls about models, routes, their reports, keys and the audit as typed functions; the schemas of registry/api tell their answers.
// What to call in which order is decided elsewhere.
import { type AuditRecord, auditPageSchema } from '../../registry/api/audit.ts';
import {
  type BaselineAction,
  type ModelDrift,
  modelDriftSchema,
  type PlaceBaseline,
  placeBaselineSchema,
} from '../../registry/api/drift.ts';
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
import { type RouteChangeAnswer, routeChangeSchema, routePageSchema } from '../../registry/api/routes.ts';
import { type DeletedSample, deletedSampleSchema } from '../../registry/api/sample.ts';
import { type ModelShadow, modelShadowSchema } from '../../registry/api/shadow.ts';
import { type ModelStatus, modelStatusSchema } from '../../registry/api/status.ts';
import type { KeyRequest } from '../../registry/api-key.ts';
import { PopserveError } from '../../registry/errors.ts';
import { type Manifest, manifestDigest, manifestSchema, manifestText } from '../../registry/manifest.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import type { Digest } from '../../registry/names.ts';
import type { Route } from '../../registry/route.ts';
import type { RouteAction } from '../../registry/route-action.ts';
import { urlPath } from './connection.ts';
import { entriesOf } from './pages.ts';
import { json } from './registry-calls.ts';
import { RegistryStore } from './registry-store.ts';

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

/** All windows of all versions over a slow line. */
const sampleTimeoutMs = 300_000;
const mostSampleBytes = 512 * mebibyte;
/** As many as the server gives at once. */
const auditPageLength = 100;

export class RegistryClient extends RegistryStore {
  /**
   * @returns whether it was new; false if the same content was there
   * @throws {PopserveError} CONFLICT if the version has other content; UNPROCESSABLE naming every fault
   */
  async putManifest(manifest: Manifest): Promise<boolean> {
    const reply = await this.send({
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
      const page = this.read(modelPageSchema, await this.get(`registry/models${query}`));
      return { entries: page.models, next: page.next };
    });
    for await (const model of pages) models.push(model);
    return models;
  }

  /** @throws {PopserveError} NOT_FOUND */
  async showModel(model: string): Promise<ModelDetailsAnswer> {
    return this.read(modelDetailsSchema, await this.get(urlPath`registry/models/${model}`));
  }

  /** @throws {PopserveError} NOT_FOUND */
  async getManifest(model: string, version: string): Promise<Manifest> {
    return this.read(manifestSchema, await this.get(urlPath`registry/models/${model}/versions/${version}`));
  }

  /**
   * A manifest with the digest that the registry has of it.
   * @throws {PopserveError} NOT_FOUND; INTERNAL if this command cannot spell it as the registry does
   */
  async getExactManifest(model: string, version: string): Promise<{ manifest: Manifest; digest: Digest }> {
    const reply = await this.get(urlPath`registry/models/${model}/versions/${version}`);
    const manifest = this.read(manifestSchema, reply);
    const digest = await manifestDigest(manifest);
    if (reply.headers.get('etag') === `"${digest}"`) return { manifest, digest };
    throw new PopserveError(
      'INTERNAL',
      `${this.connection.settings.url} has ${model} ${version} as ${reply.headers.get('etag')}, it was read as ${digest}; use the popserve that the place runs`,
    );
  }

  /** @throws {PopserveError} NOT_FOUND; CONFLICT while a route names the version */
  async retireVersion(model: string, version: string): Promise<void> {
    await this.send({ method: 'DELETE', path: urlPath`registry/models/${model}/versions/${version}` });
  }

  /** Forgets the failed trials of a version. @throws {PopserveError} NOT_FOUND; PERMISSION_DENIED without scope admin */
  async retryVersion(model: string, version: string): Promise<void> {
    await this.send({ method: 'POST', path: urlPath`registry/models/${model}/versions/${version}/retry` });
  }

  /**
   * @param ifEpoch only if the route is at this epoch
   * @throws {PopserveError} CONFLICT if the action does not fit the route or somebody else was first
   */
  async appendRoute(model: string, action: RouteAction, ifEpoch?: number): Promise<RouteChange> {
    // Twice the same activation is one; twice a rollback goes back twice, unless an epoch holds the second one off.
    const relative = action.action === 'promote' || (action.action === 'rollback' && action.version === undefined);
    const { body, headers } = json(JSON.stringify(action));
    const reply = await this.send({
      method: 'POST',
      path: urlPath`registry/models/${model}/routes`,
      body,
      headers: { ...headers, ...(ifEpoch === undefined ? {} : { 'if-match': `"${ifEpoch}"` }) },
      repeat: relative || ifEpoch !== undefined ? 'refused' : 'always',
    });
    return { ...this.read(routeChangeSchema, reply), created: reply.status === 201 };
  }

  /** The newest routes of a model, newest first. */
  async history(model: string, limit: number): Promise<Route[]> {
    const routes: Route[] = [];
    const pages = entriesOf<Route, number>(async (before) => {
      const query = before === null ? '' : `&before=${before}`;
      const path = `${urlPath`registry/models/${model}/routes`}?limit=${Math.min(100, limit - routes.length)}${query}`;
      const page = this.read(routePageSchema, await this.get(path));
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
    return this.read(modelDriftSchema, await this.get(query === '' ? path : `${path}?${query}`));
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
    return this.read(placeBaselineSchema, await this.send(call));
  }

  /** The versions that the PoPs serve, and their counts. @throws {PopserveError} NOT_FOUND */
  async status(model: string): Promise<ModelStatus> {
    return this.read(modelStatusSchema, await this.get(urlPath`registry/models/${model}/status`));
  }

  /** How the answers of shadows compare. @throws {PopserveError} NOT_FOUND */
  async shadow(model: string): Promise<ModelShadow> {
    return this.read(modelShadowSchema, await this.get(urlPath`registry/models/${model}/shadow`));
  }

  /** @throws {PopserveError} NOT_FOUND; PERMISSION_DENIED without scope admin */
  async sample(model: string, filter: { pop?: string; version?: string }): Promise<InputSample> {
    const query = new URLSearchParams(filter).toString();
    const path = urlPath`registry/models/${model}/sample`;
    const call = { path: query === '' ? path : `${path}?${query}`, timeoutMs: sampleTimeoutMs };
    const { body, headers } = await this.send({ ...call, method: 'GET', mostBytes: mostSampleBytes });
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
    const reply = await this.send({ method: 'DELETE', path: urlPath`registry/models/${model}/sample` });
    return this.read(deletedSampleSchema, reply);
  }

  /** The changes that were made, newest first, read a page at a time as they are asked for. */
  audit(): AsyncGenerator<AuditRecord, void, void> {
    return entriesOf<AuditRecord, string>(async (after) => {
      const query = after === null ? '' : urlPath`&after=${after}`;
      const page = this.read(auditPageSchema, await this.get(`registry/audit?limit=${auditPageLength}${query}`));
      return { entries: page.records, next: page.next };
    });
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
    return this.read(createdKeySchema, await this.send(call));
  }

  /** All keys, the newest first, and the ids of those whose record cannot be read. */
  async listKeys(): Promise<{ keys: KeySummary[]; damaged: string[] }> {
    const keys: KeySummary[] = [];
    const damaged: string[] = [];
    const pages = entriesOf<KeySummary, string>(async (after) => {
      const query = after === null ? '' : urlPath`?after=${after}`;
      const page = this.read(keyListSchema, await this.get(`registry/keys${query}`));
      for (const id of page.damaged ?? []) damaged.push(id);
      return { entries: page.keys, next: page.next };
    });
    for await (const key of pages) keys.push(key);
    return { keys: keys.sort((a, b) => b.createdAt.localeCompare(a.createdAt)), damaged };
  }

  /** @throws {PopserveError} NOT_FOUND */
  async revokeKey(id: string, reason: string | null): Promise<RevokedKey> {
    const path = urlPath`registry/keys/${id}`;
    return this.read(
      revokedKeySchema,
      await this.send({ method: 'DELETE', path, ...json(JSON.stringify({ reason })) }),
    );
  }
}
