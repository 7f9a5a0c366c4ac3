// Prometheus metrics of all models, merged over PoPs.
import { Hono } from 'hono';
import { metricsQuerySchema } from '../../registry/api/queries.ts';
import { parse } from '../../registry/parse.ts';
import type { AppContext } from '../http/app-context.ts';
import { spendOf } from '../http/spend.ts';
import { needs } from '../middleware/needs.ts';
import { reportedMetrics } from '../models/reports.ts';
import { expositionType } from '../telemetry/exposition.ts';

export const metricsRoutes = new Hono<AppContext>().get('/', needs('read'), async (c) => {
  const { names } = parse(metricsQuerySchema, c.req.query(), 'query');
  return c.body(await reportedMetrics(c.var.isolate, names === 'triton', spendOf(c)), 200, {
    'Content-Type': expositionType,
  });
});
