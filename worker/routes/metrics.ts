// Prometheus metrics of all models, merged over PoPs, for the operator.
import { Hono } from 'hono';
import { metricsQuerySchema } from '../../registry/api/queries.ts';
import { parse } from '../../registry/parse.ts';
import type { AppContext } from '../http/app-context.ts';
import { requireOperator } from '../middleware/control-plane.ts';
import { exposition, expositionType } from '../telemetry/exposition.ts';
import { metricsOf } from '../telemetry/metrics.ts';
import { readReport } from '../telemetry/model-report.ts';

export const metricsRoutes = new Hono<AppContext>().get('/', requireOperator, async (c) => {
  const { names } = parse(metricsQuerySchema, c.req.query(), 'query');
  const { registry, telemetry } = c.var.isolate;
  const models = await registry.modelNames();
  const reports = await Promise.all(models.map((name) => readReport(telemetry, name)));
  return c.body(exposition(metricsOf(reports, names === 'triton')), 200, { 'Content-Type': expositionType });
});
