// The control plane over HTTP, mounted at /registry: every call of the registry, for the operator only.
import { type Context, Hono } from 'hono';
import type { StoredBlob } from '../../registry/api/blobs.ts';
import { type GarbageReport, garbageRequestSchema } from '../../registry/api/garbage.ts';
import type { ModelDetailsAnswer, RegisteredVersion, RetiredVersion } from '../../registry/api/models.ts';
import { pageQuerySchema } from '../../registry/api/queries.ts';
import type { RouteChangeAnswer } from '../../registry/api/routes.ts';
import type { ModelShadow } from '../../registry/api/shadow.ts';
import type { ModelStatus } from '../../registry/api/status.ts';
import { PopserveError } from '../../registry/errors.ts';
import { manifestDigest, manifestText } from '../../registry/manifest.ts';
import { type Digest, digestSchema, versionSchema } from '../../registry/names.ts';
import { parse } from '../../registry/parse.ts';
import { routeActionSchema } from '../../registry/route-action.ts';
import type { AppContext } from '../http/app-context.ts';
import { answerBlob } from '../http/blob-answer.ts';
import { drain } from '../http/drain.ts';
import { readJson } from '../http/json-body.ts';
import { modelOf } from '../http/registry-model.ts';
import { log } from '../logging/log.ts';
import { visibleModels } from '../middleware/access.ts';
import { audited, noteChange } from '../middleware/audit.ts';
import { actorOf, requireOperator } from '../middleware/control-plane.ts';
import { keyRoutes } from './keys.ts';

export const registryRoutes = new Hono<AppContext>();

registryRoutes.use(audited, requireOperator);

registryRoutes.get('/blobs/:digest', (c) =>
  answerBlob(c, digestOf(c), { 'Cache-Control': 'private, max-age=31536000, immutable' }),
);

registryRoutes.put('/blobs/:digest', async (c) => {
  const digest = digestOf(c);
  const { body } = c.req.raw;
  const bytes = Number(c.req.header('Content-Length') ?? Number.NaN);
  if (body === null || !Number.isSafeInteger(bytes)) {
    throw new PopserveError('INVALID_ARGUMENT', 'expected a body with a Content-Length');
  }
  const created = await c.var.isolate.registry.putBlob(digest, body, bytes).finally(() => drain(c.req.raw));
  if (created) noteChange(c, 'blob stored', { digest, bytes });
  return c.json({ digest, bytes } satisfies StoredBlob, created ? 201 : 200);
});

registryRoutes.get('/models', async (c) => {
  const { limit, after } = parse(pageQuerySchema, c.req.query(), 'query');
  return c.json(await c.var.isolate.registry.listModels({ limit, after, only: visibleModels(c) }));
});

registryRoutes.get('/models/:model', async (c) => {
  const details = await c.var.isolate.registry.showModel(modelOf(c));
  const versions = details.versions.map((info) => ({
    ...info,
    blobs: [...info.blobs],
    storedAt: info.storedAt.toISOString(),
  }));
  return c.json({ ...details, versions } satisfies ModelDetailsAnswer);
});

registryRoutes.put('/models/:model/versions/:version', async (c) => {
  const [model, version] = [modelOf(c), versionOf(c)];
  const body = await readJson(c, 'the manifest');
  const { created, digest } = await c.var.isolate.registry.putManifest(model, version, body);
  if (created) noteChange(c, 'version registered', { model, version, digest });
  return c.json({ model, version, digest } satisfies RegisteredVersion, created ? 201 : 200);
});

registryRoutes.get('/models/:model/versions/:version', async (c) => {
  const manifest = await c.var.isolate.registry.getManifest(modelOf(c), versionOf(c));
  const headers = { ETag: `"${await manifestDigest(manifest)}"`, 'Content-Type': 'application/json' };
  return c.body(manifestText(manifest), 200, headers);
});

registryRoutes.delete('/models/:model/versions/:version', async (c) => {
  const [model, version] = [modelOf(c), versionOf(c)];
  await c.var.isolate.registry.deleteVersion(model, version);
  noteChange(c, 'version deleted', { model, version });
  return c.json({ model, version } satisfies RetiredVersion);
});

registryRoutes.post('/models/:model/routes', async (c) => {
  const model = modelOf(c);
  const action = parse(routeActionSchema, await readJson(c, 'the action'), 'the action');
  const ifMatchEpoch = epochOf(c.req.header('If-Match'));
  const by = { actor: actorOf(c), ...(ifMatchEpoch === undefined ? {} : { ifMatchEpoch }) };
  const { route, created, copyPending, copyError } = await c.var.isolate.registry.appendRoute(model, action, by);
  const { epoch } = route;
  c.var.isolate.routes.learn(model, c.executionCtx);
  if (created) c.executionCtx.waitUntil(c.var.isolate.telemetry.released(model, epoch).catch(logUnreleased));
  if (created || copyPending) noteChange(c, 'route', { model, epoch, created, action, copyPending, copyError });
  return c.json({ route, copyPending } satisfies RouteChangeAnswer, created ? 201 : 200, { ETag: `"${epoch}"` });
});

registryRoutes.get('/models/:model/routes', async (c) => {
  const { limit, before } = parse(pageQuerySchema, c.req.query(), 'query');
  const page = { limit, ...(before === undefined ? {} : { before }) };
  return c.json(await c.var.isolate.registry.history(modelOf(c), page));
});

/** Which PoP serves what, how the last release spread, and what was counted, over all PoPs. */
registryRoutes.get('/models/:model/status', async (c) => {
  const model = modelOf(c);
  const { registry, telemetry } = c.var.isolate;
  const { route } = await registry.showModel(model);
  return c.json({ model, route, ...(await telemetry.object(model).status(route)) } satisfies ModelStatus);
});

/** What the shadow runs of all PoPs showed, per pair of versions, the latest first. */
registryRoutes.get('/models/:model/shadow', async (c) => {
  const model = modelOf(c);
  const { registry, telemetry } = c.var.isolate;
  const [{ route }, pairs] = await Promise.all([registry.showModel(model), telemetry.object(model).shadow()]);
  return c.json({ model, shadow: route?.shadow ?? null, pairs } satisfies ModelShadow);
});

registryRoutes.route('/keys', keyRoutes);

/** The changes that were made, the newest first. */
registryRoutes.get('/audit', async (c) => {
  const { limit, after } = parse(pageQuerySchema, c.req.query(), 'query');
  return c.json(await c.var.isolate.security.audit.list({ limit, ...(after === undefined ? {} : { after }) }));
});

registryRoutes.post('/gc', async (c) => {
  const { config, registry } = c.var.isolate;
  const { dryRun } = parse(garbageRequestSchema, await readJson(c, 'the options', {}), 'the options');
  const report = await registry.collectGarbage({ dryRun, graceSeconds: config.gcGraceSeconds });
  if (!dryRun) noteChange(c, 'garbage collected', { blobs: report.blobs.length, bytes: report.bytes });
  return c.json(report satisfies GarbageReport);
});

function digestOf(c: Context<AppContext>): Digest {
  return parse(digestSchema, c.req.param('digest'), 'digest') as Digest;
}

function versionOf(c: Context<AppContext>): string {
  return parse(versionSchema, c.req.param('version'), 'version');
}

/** The epoch in an If-Match header, `"7"`; 0 stands for a model without a route. */
function epochOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const [, digits] = /^"?(\d{1,12})"?$/.exec(header) ?? [];
  if (digits !== undefined) return Number(digits);
  throw new PopserveError('INVALID_ARGUMENT', `If-Match: expected an epoch like "7", got ${header.slice(0, 40)}`);
}

/** The release stands all the same; how it spreads is measured from the first PoP's report then. */
function logUnreleased(error: unknown): void {
  log('report-failed', { error: String(error) });
}
