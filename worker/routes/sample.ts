// The sample of a model's inputs. Mounted at /registry behind the middleware of registry.ts, which asks for scope `admin`.
import { Hono } from 'hono';
import { partQuerySchema } from '../../registry/api/queries.ts';
import type { DeletedSample } from '../../registry/api/sample.ts';
import { parse } from '../../registry/parse.ts';
import type { AppContext } from '../http/app-context.ts';
import { modelOf } from '../http/registry-model.ts';
import { noteChange } from '../middleware/audit.ts';
import { sampleLines } from '../telemetry/sample/sample-lines.ts';

export const sampleRoutes = new Hono<AppContext>();

/** Who looked at what was asked is kept like a change. */
sampleRoutes.get('/models/:model/sample', async (c) => {
  const model = modelOf(c);
  const filter = parse(partQuerySchema, c.req.query(), 'query');
  const { registry, telemetry } = c.var.isolate;
  // Before the object is reached: it would be made for any name.
  await registry.showModel(model);
  const object = telemetry.object(model);
  using counted = await object.countSample(filter);
  const { rows, seen, skipped } = counted;
  noteChange(c, 'input sample read', { model, ...filter, rows });
  return c.body(sampleLines(object, filter), 200, {
    'content-type': 'application/x-ndjson',
    'cache-control': 'no-store',
    'popserve-sample-rows': String(rows),
    'popserve-sample-seen': String(seen),
    'popserve-sample-skipped': String(skipped),
  });
});

sampleRoutes.delete('/models/:model/sample', async (c) => {
  const model = modelOf(c);
  const { registry, telemetry } = c.var.isolate;
  await registry.showModel(model);
  const rows = await telemetry.object(model).deleteSample();
  noteChange(c, 'input sample deleted', { model, rows });
  return c.json({ model, rows } satisfies DeletedSample);
});
