// OIP statistics (PROTOCOL.md 2.8): of the isolate that answers, or with `?scope=all` merged over PoPs.
import { type Context, Hono } from 'hono';
import { statisticsQuerySchema } from '../../registry/api/queries.ts';
import type { Statistics } from '../../registry/api/statistics.ts';
import { parse } from '../../registry/parse.ts';
import type { AppContext } from '../http/app-context.ts';
import { readSelector } from '../http/selector.ts';
import { visibleModels } from '../middleware/access.ts';
import { isolateStatistics, mergedStatistics } from '../models/statistics.ts';

export const statisticsRoutes = new Hono<AppContext>()
  // Of all; a path of its own would clash with the names of models in the router.
  .get('/models/:model', async (c, next) => {
    if (c.req.param('model') !== 'stats') return await next();
    const { isolate } = c.var;
    const only = visibleModels(c);
    if (!wantsAll(c)) return c.json(isolateStatistics(isolate, only, null));
    return c.json(await mergedStatistics(isolate, await isolate.registry.modelNames(only), null));
  })
  .get('/models/:model/stats', async (c) => {
    const { model } = readSelector(c);
    await c.var.isolate.registry.showModel(model);
    return c.json(await statisticsOf(c, model, null));
  })
  .get('/models/:model/versions/:version/stats', async (c) => {
    const { manifest } = await c.var.isolate.routes.resolve(readSelector(c), c.executionCtx);
    return c.json(await statisticsOf(c, manifest.model, manifest.version));
  });

async function statisticsOf(c: Context<AppContext>, model: string, version: string | null): Promise<Statistics> {
  const { isolate } = c.var;
  return wantsAll(c)
    ? await mergedStatistics(isolate, [model], version)
    : isolateStatistics(isolate, new Set([model]), version);
}

function wantsAll(c: Context<AppContext>): boolean {
  return parse(statisticsQuerySchema, c.req.query(), 'query').scope === 'all';
}
