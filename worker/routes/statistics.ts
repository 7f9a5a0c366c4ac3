// OIP statistics: of the isolate that answers, or with `?scope=all` merged over PoPs.
// https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md
import { type Context, Hono } from 'hono';
import { statisticsQuerySchema } from '../../registry/api/queries.ts';
import { parse } from '../../registry/parse.ts';
import type { AppContext } from '../http/app-context.ts';
import { visibleModels } from '../http/caller.ts';
import { readSelector } from '../http/selector.ts';
import { spendOf } from '../http/spend.ts';
import { insteadOfModel, needs, needsOnly } from '../middleware/needs.ts';
import { statisticsOf } from '../models/statistics.ts';

export const statisticsRoutes = new Hono<AppContext>()
  .get('/models/:model', insteadOfModel('stats', needsOnly('infer', 'read'), ofAll))
  .get('/models/:model/stats', needs('infer', 'read'), ofModel)
  .get('/models/:model/versions/:version/stats', needs('infer', 'read'), ofVersion);

async function ofAll(c: Context<AppContext>) {
  const asked = { models: visibleModels(c), version: null, scope: scopeOf(c) };
  return c.json(await statisticsOf(c.var.isolate, asked, spendOf(c)));
}

async function ofModel(c: Context<AppContext>) {
  const { isolate } = c.var;
  const { model } = readSelector(c);
  await isolate.registry.requireModel(model);
  const asked = { models: new Set([model]), version: null, scope: scopeOf(c) };
  return c.json(await statisticsOf(isolate, asked));
}

async function ofVersion(c: Context<AppContext>) {
  const { isolate } = c.var;
  const { manifest } = await isolate.routes.resolve(readSelector(c), c.executionCtx);
  const { model, version } = manifest;
  return c.json(await statisticsOf(isolate, { models: new Set([model]), version, scope: scopeOf(c) }));
}

function scopeOf(c: Context<AppContext>) {
  return parse(statisticsQuerySchema, c.req.query(), 'query').scope;
}
