// The control plane over HTTP, mounted at /registry: every call of the registry, audited.
import { Hono } from 'hono';
import type { StoredBlob } from '../../registry/api/blobs.ts';
import { type GarbageReport, garbageRequestSchema } from '../../registry/api/garbage.ts';
import type { RegisteredVersion, RetiredVersion, RetriedVersion } from '../../registry/api/models.ts';
import type { PlatformReport } from '../../registry/api/platform.ts';
import type { RouteChangeAnswer } from '../../registry/api/routes.ts';
import { manifestDigest, manifestText } from '../../registry/manifest.ts';
import { parse } from '../../registry/parse.ts';
import { routeActionSchema } from '../../registry/route-action.ts';
import type { AppContext } from '../http/app-context.ts';
import { answerBlob } from '../http/blob-answer.ts';
import { storeBlob } from '../http/blob-upload.ts';
import { uploaderOf, visibleModels } from '../http/caller.ts';
import { readJson } from '../http/json-body.ts';
import { probePlatform } from '../http/platform-probes.ts';
import { digestOf, ifMatchEpochOf, modelOf, pageOf, versionOf } from '../http/registry-request.ts';
import { spendOf } from '../http/spend.ts';
import { audited, operatorOf } from '../middleware/audit.ts';
import { forHead, needs, needsOnly } from '../middleware/needs.ts';
import { modelDetails } from '../models/details.ts';
import { release } from '../models/release.ts';
import { reportedShadows, reportedStatus } from '../models/reports.ts';
import { keyRoutes } from './keys.ts';

export const registryRoutes = new Hono<AppContext>();

registryRoutes.use(audited);

// Whoever may release a model stores bytes. A key for some models asks only for those that it has sent, and reads none by digest.
registryRoutes.get('/blobs/:digest', forHead(needsOnly('read'), needs('read')), (c) =>
  answerBlob(c, digestOf(c), { 'Cache-Control': 'private, max-age=31536000, immutable' }, uploaderOf(c)),
);

registryRoutes.put('/blobs/:digest', needsOnly('release'), async (c) => {
  const digest = digestOf(c);
  const { bytes, created } = await storeBlob(c, digest);
  if (created) operatorOf(c).note('blob stored', { digest, bytes });
  return c.json({ digest, bytes } satisfies StoredBlob, created ? 201 : 200);
});

registryRoutes.get('/models', needsOnly('read'), async (c) => {
  const { limit, after } = pageOf(c);
  return c.json(await c.var.isolate.registry.listModels({ limit, after, only: visibleModels(c) }, spendOf(c)));
});

registryRoutes.get('/models/:model', needs('read'), async (c) => c.json(await modelDetails(c.var.isolate, modelOf(c))));

registryRoutes.put('/models/:model/versions/:version', needs('release'), async (c) => {
  const [model, version] = [modelOf(c), versionOf(c)];
  const body = await readJson(c, 'the manifest');
  const { created, digest } = await c.var.isolate.registry.putManifest(model, version, body, uploaderOf(c));
  if (created) operatorOf(c).note('version registered', { model, version, digest });
  return c.json({ model, version, digest } satisfies RegisteredVersion, created ? 201 : 200);
});

registryRoutes.get('/models/:model/versions/:version', needs('read'), async (c) => {
  const manifest = await c.var.isolate.registry.getManifest(modelOf(c), versionOf(c));
  const headers = { ETag: `"${await manifestDigest(manifest)}"`, 'Content-Type': 'application/json' };
  return c.body(manifestText(manifest), 200, headers);
});

registryRoutes.delete('/models/:model/versions/:version', needs('release'), async (c) => {
  const [model, version] = [modelOf(c), versionOf(c)];
  await c.var.isolate.registry.deleteVersion(model, version);
  operatorOf(c).note('version deleted', { model, version });
  return c.json({ model, version } satisfies RetiredVersion);
});

/** Lets a version be tried again that has failed its trials. Its own releasers may not: each trial can cost an isolate. */
registryRoutes.post('/models/:model/versions/:version/retry', needs('admin'), async (c) => {
  const [model, version] = [modelOf(c), versionOf(c)];
  await c.var.isolate.registry.retryVersion(model, version);
  c.var.isolate.models.forgetFailure(model, version);
  c.var.isolate.litert?.forget(model, version);
  operatorOf(c).note('trials forgotten', { model, version });
  return c.json({ model, version } satisfies RetriedVersion);
});

registryRoutes.post('/models/:model/routes', needs('release'), async (c) => {
  const model = modelOf(c);
  const action = parse(routeActionSchema, await readJson(c, 'the action'), 'the action');
  const asked = { model, action, ifMatchEpoch: ifMatchEpochOf(c) };
  const { route, created, copyPending } = await release(c.var.isolate, asked, operatorOf(c), c.executionCtx);
  return c.json({ route, copyPending } satisfies RouteChangeAnswer, created ? 201 : 200, { ETag: `"${route.epoch}"` });
});

registryRoutes.get('/models/:model/routes', needs('read'), async (c) => {
  const { limit, before } = pageOf(c);
  const page = { limit, ...(before === undefined ? {} : { before }) };
  return c.json(await c.var.isolate.registry.history(modelOf(c), page, spendOf(c)));
});

registryRoutes.get('/models/:model/status', needs('read'), async (c) =>
  c.json(await reportedStatus(c.var.isolate, modelOf(c))),
);

registryRoutes.get('/models/:model/shadow', needs('read'), async (c) =>
  c.json(await reportedShadows(c.var.isolate, modelOf(c))),
);

registryRoutes.route('/keys', keyRoutes);

/** The changes that were made, the newest first. */
registryRoutes.get('/audit', needs('admin'), async (c) => {
  const { limit, after } = pageOf(c);
  const page = { limit, ...(after === undefined ? {} : { after }) };
  return c.json(await c.var.isolate.security.audit.list(page, spendOf(c)));
});

/** Tries what the platform gives: some reads and writes, a few milliseconds of CPU. */
registryRoutes.post('/probe', needs('admin'), async (c) => {
  const { bucket, routeCopies } = c.var.isolate.storage;
  const probes = await probePlatform({ bucket, routeCopies, cache: caches.default, request: c.req.raw });
  return c.json({ probes } satisfies PlatformReport);
});

registryRoutes.post('/gc', needs('admin'), async (c) => {
  const { config, registry } = c.var.isolate;
  const { dryRun } = parse(garbageRequestSchema, await readJson(c, 'the options', {}), 'the options');
  const report = await registry.collectGarbage({ dryRun, graceSeconds: config.gcGraceSeconds }, spendOf(c));
  if (!dryRun) operatorOf(c).note('garbage collected', { blobs: report.blobs.length, bytes: report.bytes });
  return c.json(report satisfies GarbageReport);
});
