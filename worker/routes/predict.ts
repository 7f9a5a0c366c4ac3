// TensorFlow Serving's REST API over the same models: prediction, status and metadata.
import { type Context, Hono } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import { answer } from '../http/answer.ts';
import type { AppContext } from '../http/app-context.ts';
import { popOf } from '../http/pop.ts';
import { readBody } from '../http/read-body.ts';
import { readSelector } from '../http/selector.ts';
import { withFallback } from '../inference/fallback.ts';
import { inferWith } from '../inference/infer.ts';
import { servedVersion, servedVersions, signatureMetadata } from '../models/tensorflow-serving.ts';
import { decodePredictRequest, encodePredictResponse } from '../protocol/predict.ts';
import { HeldBody } from '../security/body-room.ts';

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

async function predict(c: Context<AppContext>) {
  const isolate = c.get('isolate');
  const call = c.req.param('call') ?? '';
  const [, name, verb] = /^(.+):([a-z]+)$/.exec(call) ?? [];
  if (name === undefined) {
    throw new PopserveError('NOT_FOUND', `no such call: expected '${call.slice(0, 100)}:predict'`);
  }
  if (verb !== 'predict') {
    throw new PopserveError('UNSUPPORTED', `':${verb}' is not supported, only ':predict'`);
  }
  const model = c.req.param('model');
  const selector = readSelector(c, model === undefined ? { model: name, version: null } : { model, version: name });
  const resolved = await isolate.routes.resolve(selector, c.executionCtx);
  const held = new HeldBody(isolate.bodies);
  try {
    const body = await readBody(c.req.raw, isolate.config, held);
    const message = await withFallback(resolved, (served) =>
      inferWith(isolate, served, c.executionCtx, {
        decode: () => decodePredictRequest(body, served.manifest, isolate.config.decodeLimits),
        encode: encodePredictResponse,
      }),
    );
    return answer(c, message);
  } finally {
    held.release();
    isolate.reporter.flushBehind(selector.model, popOf(c), isolate.routes.serving(selector.model), c.executionCtx);
  }
}

async function status(c: Context<AppContext>) {
  const { isolate } = c.var;
  const selector = readSelector(c);
  if (selector.requested === null) return c.json(await servedVersions(isolate, selector.model));
  const { manifest } = await isolate.routes.resolve(selector, c.executionCtx);
  return c.json({ model_version_status: [servedVersion(isolate, manifest)] });
}

async function metadata(c: Context<AppContext>) {
  const { manifest } = await c.var.isolate.routes.resolve(readSelector(c), c.executionCtx);
  return c.json(signatureMetadata(manifest));
}
