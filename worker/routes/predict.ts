// TensorFlow Serving's REST API over the same models: prediction, status and metadata.
import { type Context, Hono } from 'hono';
import type { ServedVersions } from '../../registry/api/tensorflow-serving.ts';
import type { AppContext } from '../http/app-context.ts';
import { readPredictSelector, readSelector } from '../http/selector.ts';
import { predictCodec } from '../inference/codecs.ts';
import { infer } from '../inference/infer.ts';
import { serve } from '../middleware/serve.ts';
import { servedVersion, servedVersions, signatureMetadata } from '../models/tensorflow-serving.ts';

export const predictRoutes = new Hono<AppContext>()
  .post('/models/:call', predict)
  .post('/models/:model/versions/:call', predict)
  .post('/models/:model/labels/:call', predict)
  .get('/models/:model', status)
  .get('/models/:model/versions/:version', status)
  .get('/models/:model/labels/:version', status)
  .get('/models/:model/metadata', metadata)
  .get('/models/:model/versions/:version/metadata', metadata)
  .get('/models/:model/labels/:version/metadata', metadata);

function predict(c: Context<AppContext>) {
  const { isolate } = c.var;
  return serve(c, readPredictSelector(c), (served, body) =>
    infer(isolate, served, predictCodec(served.manifest, body, isolate.config.decodeLimits), c.executionCtx),
  );
}

async function status(c: Context<AppContext>) {
  const { isolate } = c.var;
  const selector = readSelector(c);
  if (selector.requested === null) return c.json(await servedVersions(isolate, selector.model));
  const { manifest } = await isolate.routes.resolve(selector, c.executionCtx);
  return c.json({ model_version_status: [servedVersion(isolate, manifest)] } satisfies ServedVersions);
}

async function metadata(c: Context<AppContext>) {
  const { manifest } = await c.var.isolate.routes.resolve(readSelector(c), c.executionCtx);
  return c.json(signatureMetadata(manifest));
}
