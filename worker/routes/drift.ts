// Drift of a model. Mounted at /registry behind the middleware of registry.ts, which asks for the right to read the model.
import { Hono } from 'hono';
import type { ModelDrift } from '../../registry/api/drift.ts';
import { partQuerySchema } from '../../registry/api/queries.ts';
import { parse } from '../../registry/parse.ts';
import type { AppContext } from '../http/app-context.ts';
import { modelOf } from '../http/registry-model.ts';

export const driftRoutes = new Hono<AppContext>();

driftRoutes.get('/models/:model/drift', async (c) => {
  const model = modelOf(c);
  const filter = parse(partQuerySchema, c.req.query(), 'query');
  const { registry, telemetry } = c.var.isolate;
  // Before the object is reached: it would be made for any name.
  await registry.showModel(model);
  using status = await telemetry.object(model).drift(filter);
  const { settings, versions, events } = status;
  return c.json({ model, settings, versions, events } satisfies ModelDrift);
});
