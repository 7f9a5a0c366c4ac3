// The sample of a model's inputs, which may be about persons: for administrators alone. Mounted at /registry, behind the audit of
// registry.ts.
import { Hono } from 'hono';
import type { DeletedSample } from '../../registry/api/sample.ts';
import type { AppContext } from '../http/app-context.ts';
import { modelOf, partOf } from '../http/registry-request.ts';
import { operatorOf } from '../middleware/audit.ts';
import { needs } from '../middleware/needs.ts';
import { deleteInputSample, readInputSample } from '../models/input-sample.ts';

export const sampleRoutes = new Hono<AppContext>()
  .get('/models/:model/sample', needs('admin'), async (c) => {
    const { counts, lines } = await readInputSample(c.var.isolate, modelOf(c), partOf(c), operatorOf(c));
    return c.body(lines, 200, {
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-store',
      'popserve-sample-rows': String(counts.rows),
      'popserve-sample-seen': String(counts.seen),
      'popserve-sample-skipped': String(counts.skipped),
    });
  })
  .delete('/models/:model/sample', needs('admin'), async (c) => {
    const model = modelOf(c);
    const rows = await deleteInputSample(c.var.isolate, model, operatorOf(c));
    return c.json({ model, rows } satisfies DeletedSample);
  });
