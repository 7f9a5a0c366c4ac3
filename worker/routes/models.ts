// OIP model list, metadata, configuration and readiness.
import { type Context, Hono } from 'hono';
import type { ModelList, ModelReady } from '../../registry/api/metadata.ts';
import { modelPageQuerySchema } from '../../registry/api/queries.ts';
import { parse } from '../../registry/parse.ts';
import type { AppContext } from '../http/app-context.ts';
import { popOf } from '../http/pop.ts';
import { readSelector } from '../http/selector.ts';
import { visibleModels } from '../middleware/access.ts';
import { modelConfig } from '../models/config.ts';
import { modelMetadata } from '../models/metadata.ts';

export const modelRoutes = new Hono<AppContext>()
  .get('/models', async (c) => {
    const page = parse(modelPageQuerySchema, c.req.query(), 'query');
    const { models, next } = await c.var.isolate.registry.listModels({ ...page, only: visibleModels(c) });
    const listed = models.map(({ name, versions, route }) => ({ name, versions, aliases: route?.aliases ?? {} }));
    return c.json({ models: listed, next } satisfies ModelList);
  })
  .get('/models/:model', metadata)
  .get('/models/:model/versions/:version', metadata)
  .get('/models/:model/config', config)
  .get('/models/:model/versions/:version/config', config)
  .get('/models/:model/ready', ready)
  .get('/models/:model/versions/:version/ready', ready);

async function metadata(c: Context<AppContext>) {
  const { isolate } = c.var;
  const selector = readSelector(c);
  const resolved = await isolate.routes.resolve(selector, c.executionCtx);
  return c.json(await modelMetadata(isolate, resolved, popOf(isolate), selector.requested === null));
}

async function ready(c: Context<AppContext>) {
  const { isolate } = c.var;
  const { manifest } = await isolate.routes.resolve(readSelector(c), c.executionCtx);
  await isolate.models.warm(manifest, c.executionCtx);
  return c.json({ name: manifest.model, ready: true } satisfies ModelReady);
}

async function config(c: Context<AppContext>) {
  const { manifest } = await c.var.isolate.routes.resolve(readSelector(c), c.executionCtx);
  return c.json(modelConfig(manifest));
}
