// OIP model repository (PROTOCOL.md 2.7). The index is for everyone who may read, load and unload for the operator.
import { Hono } from 'hono';
import type { AppContext } from '../http/app-context.ts';
import { readJson } from '../http/json-body.ts';
import { readSelector } from '../http/selector.ts';
import { visibleModels } from '../middleware/access.ts';
import { noteChange } from '../middleware/audit.ts';
import { actorOf, requireOperator } from '../middleware/control-plane.ts';
import { loadModel, modelIndex, readRepositoryRequest, unloadModel } from '../models/repository.ts';
import { readBoolean, readObject } from '../protocol/fields.ts';

export const repositoryRoutes = new Hono<AppContext>()
  .post('/index', async (c) => {
    const wanted = readObject(await readJson(c, 'the body', {}), 'the body');
    const readyOnly = readBoolean(wanted.ready, "'ready'") ?? false;
    return c.json(await modelIndex(c.var.isolate, { readyOnly, only: visibleModels(c) }));
  })
  .post('/models/:model/load', requireOperator, async (c) => {
    const { model } = readSelector(c);
    const requested = readRepositoryRequest(await readJson(c, 'the body', {}));
    const loaded = await loadModel(c.var.isolate, { model, requested, actor: actorOf(c) }, c.executionCtx);
    noteChange(c, 'loaded', { model, ...loaded });
    return c.body(null, 200);
  })
  .post('/models/:model/unload', requireOperator, async (c) => {
    const { model } = readSelector(c);
    const requested = readRepositoryRequest(await readJson(c, 'the body', {}));
    await unloadModel(c.var.isolate, { model, requested }, c.executionCtx);
    noteChange(c, 'unloaded', { model, version: requested });
    return c.body(null, 200);
  });
