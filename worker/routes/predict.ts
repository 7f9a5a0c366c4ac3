// TensorFlow Serving's REST API over the same models: prediction, status and metadata.
// https://github.com/tensorflow/serving/blob/master/tensorflow_serving/g3doc/api_rest.md
import { type Context, Hono } from 'hono';
import type { ServedModels } from '../../registry/api/tensorflow-serving.ts';
import type { AppContext } from '../http/app-context.ts';
import { visibleModels } from '../http/caller.ts';
import { readNonFinite } from '../http/non-finite.ts';
import { readPredictSelector, readSelector } from '../http/selector.ts';
import { spendOf } from '../http/spend.ts';
import { predictCodec } from '../inference/codecs.ts';
import { infer } from '../inference/infer.ts';
import { namePipelinePlace } from '../inference/pipeline-place.ts';
import { needs, needsOnly } from '../middleware/needs.ts';
import { holdingOf, serve } from '../middleware/serve.ts';
import { signatureMetadata, versionStatuses } from '../models/tensorflow-serving.ts';

const runs = needs('infer');
const reads = needs('infer', 'read');

export const predictRoutes = new Hono<AppContext>()
  .get('/models', needsOnly('infer', 'read'), list)
  .post('/models/:call', runs, predict)
  .post('/models/:model/versions/:call', runs, predict)
  .post('/models/:model/labels/:call', runs, predict)
  .get('/models/:model', reads, status)
  .get('/models/:model/versions/:version', reads, status)
  .get('/models/:model/labels/:version', reads, status)
  .get('/models/:model/metadata', reads, metadata)
  .get('/models/:model/versions/:version/metadata', reads, metadata)
  .get('/models/:model/labels/:version/metadata', reads, metadata);

function predict(c: Context<AppContext>) {
  const { isolate } = c.var;
  const reading = { limits: isolate.config.decodeLimits, nonFinite: readNonFinite(c, { inQuery: true }) };
  return serve(c, readPredictSelector(c), (served, body, account) => {
    const codec = predictCodec(served.manifest, body, reading, account);
    return infer(isolate, served, namePipelinePlace(codec, served.manifest), holdingOf(c, account));
  });
}

async function list(c: Context<AppContext>) {
  const models = await c.var.isolate.registry.modelNames(visibleModels(c), spendOf(c));
  const data = models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'popserve' }) as const);
  return c.json({ models, object: 'list', data } satisfies ServedModels);
}

async function status(c: Context<AppContext>) {
  return c.json(await versionStatuses(c.var.isolate, readSelector(c), c.executionCtx));
}

async function metadata(c: Context<AppContext>) {
  const { manifest } = await c.var.isolate.routes.resolve(readSelector(c), c.executionCtx);
  return c.json(signatureMetadata(manifest));
}
