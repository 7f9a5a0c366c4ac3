// OIP model repository. The index is for everyone who may read; load and unload are for who may release.
// https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_repository.md
import { Hono } from 'hono';
import type { AppContext } from '../http/app-context.ts';
import { visibleModels } from '../http/caller.ts';
import { readJson } from '../http/json-body.ts';
import { readSelector } from '../http/selector.ts';
import { spendOf } from '../http/spend.ts';
import { operatorOf } from '../middleware/audit.ts';
import { needs, needsOnly } from '../middleware/needs.ts';
import { loadModel, modelIndex, readIndexRequest, unloadModel } from '../models/repository.ts';

export const repositoryRoutes = new Hono<AppContext>()
  .post('/index', needsOnly('infer', 'read'), async (c) => {
    const { readyOnly } = readIndexRequest(await readJson(c, 'the body', {}));
    return c.json(await modelIndex(c.var.isolate, { readyOnly, only: visibleModels(c) }, spendOf(c)));
  })
  .post('/models/:model/load', needs('release'), async (c) => {
    const { model } = readSelector(c);
    const body = await readJson(c, 'the body', {});
    await loadModel(c.var.isolate, { model, body }, operatorOf(c), c.executionCtx);
    return c.body(null, 200);
  })
  .post('/models/:model/unload', needs('release'), async (c) => {
    const { model } = readSelector(c);
    const body = await readJson(c, 'the body', {});
    await unloadModel(c.var.isolate, { model, body }, operatorOf(c), c.executionCtx);
    return c.body(null, 200);
  });
