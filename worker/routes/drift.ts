// Drift of a model. Mounted at /registry, behind the audit of registry.ts.
import { Hono } from 'hono';
import { baselineActionSchema, type DriftHistory, type PlaceBaseline } from '../../registry/api/drift.ts';
import { driftHistoryQuerySchema } from '../../registry/api/queries.ts';
import { parse } from '../../registry/parse.ts';
import type { AppContext } from '../http/app-context.ts';
import { readJson } from '../http/json-body.ts';
import { modelOf, partOf } from '../http/registry-request.ts';
import { operatorOf } from '../middleware/audit.ts';
import { needs } from '../middleware/needs.ts';
import { changeBaseline, driftHistory, reportedDrift } from '../models/drift.ts';

export const driftRoutes = new Hono<AppContext>()
  .get('/models/:model/drift', needs('read'), async (c) =>
    c.json(await reportedDrift(c.var.isolate, modelOf(c), partOf(c))),
  )
  .get('/models/:model/drift/history', needs('read'), async (c) => {
    const asked = parse(driftHistoryQuerySchema, c.req.query(), 'query');
    return c.json((await driftHistory(c.var.isolate, modelOf(c), asked)) satisfies DriftHistory);
  })
  .post('/models/:model/drift', needs('release'), async (c) => {
    const action = parse(baselineActionSchema, await readJson(c, 'the action'), 'the action');
    return c.json((await changeBaseline(c.var.isolate, modelOf(c), action, operatorOf(c))) satisfies PlaceBaseline);
  });
