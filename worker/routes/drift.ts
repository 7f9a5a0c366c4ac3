// Drift of a model. Mounted at /registry behind the middleware of registry.ts, which asks for the right to read the model.
import { Hono } from 'hono';
import * as z from 'zod';
import { modelNameSchema, versionSchema } from '../../registry/names.ts';
import { parse } from '../../registry/parse.ts';
import type { AppContext } from '../isolate.ts';

const filterSchema = z.strictObject({
  version: versionSchema.exactOptional(),
  pop: z.string().max(64).exactOptional(),
});

export const driftRoutes = new Hono<AppContext>();

driftRoutes.get('/models/:model/drift', async (c) => {
  const model = parse(modelNameSchema, c.req.param('model'), 'model name');
  const filter = parse(filterSchema, c.req.query(), 'query');
  const { registry, telemetry } = c.var.isolate;
  // Before the object is reached: it would be made for any name.
  await registry.showModel(model);
  using status = await telemetry.object(model).drift(filter);
  return c.json({ model, settings: status.settings, versions: status.versions, events: status.events });
});
