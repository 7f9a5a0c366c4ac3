// Drift of a model. Mounted at /registry, behind the audit of registry.ts.
import { Hono } from 'hono';
import type { AppContext } from '../http/app-context.ts';
import { modelOf, partOf } from '../http/registry-request.ts';
import { needs } from '../middleware/needs.ts';
import { reportedDrift } from '../models/reports.ts';

export const driftRoutes = new Hono<AppContext>().get('/models/:model/drift', needs('read'), async (c) =>
  c.json(await reportedDrift(c.var.isolate, modelOf(c), partOf(c))),
);
