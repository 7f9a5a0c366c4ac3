// OIP model list, metadata, configuration and readiness.
// https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
import { type Context, Hono } from 'hono';
import type { ModelReady } from '../../registry/api/metadata.ts';
import { modelPageQuerySchema } from '../../registry/api/queries.ts';
import { parse } from '../../registry/parse.ts';
import type { AppContext } from '../http/app-context.ts';
import { visibleModels } from '../http/caller.ts';
import { popOf } from '../http/pop.ts';
import { readSelector } from '../http/selector.ts';
import { spendOf } from '../http/spend.ts';
import { needs, needsOnly } from '../middleware/needs.ts';
import { modelConfig } from '../models/config.ts';
import { modelList, modelMetadata } from '../models/metadata.ts';
import { requireModelReady } from '../models/readiness.ts';

const reads = needs('infer', 'read');

export const modelRoutes = new Hono<AppContext>()
  .get('/models', needsOnly('infer', 'read'), async (c) => {
    const page = parse(modelPageQuerySchema, c.req.query(), 'query');
    return c.json(await modelList(c.var.isolate, { ...page, only: visibleModels(c) }, spendOf(c)));
  })
  .get('/models/:model', reads, metadata)
  .get('/models/:model/versions/:version', reads, metadata)
  .get('/models/:model/config', reads, config)
  .get('/models/:model/versions/:version/config', reads, config)
  .get('/models/:model/ready', reads, ready)
  .get('/models/:model/versions/:version/ready', reads, ready);

async function metadata(c: Context<AppContext>) {
  const { isolate } = c.var;
  const selector = readSelector(c);
  const resolved = await isolate.routes.resolve(selector, c.executionCtx);
  return c.json(await modelMetadata(isolate, resolved, popOf(isolate), selector.requested === null));
}

async function ready(c: Context<AppContext>) {
  const selector = readSelector(c);
  await requireModelReady(c.var.isolate, selector, c.executionCtx);
  return c.json({ name: selector.model, ready: true } satisfies ModelReady);
}

async function config(c: Context<AppContext>) {
  const { isolate } = c.var;
  const { manifest } = await isolate.routes.resolve(readSelector(c), c.executionCtx);
  const { maxBodyBytes, decodeLimits } = isolate.config;
  return c.json(modelConfig(manifest, { maxBodyBytes, maxElements: decodeLimits.maxElements }));
}
