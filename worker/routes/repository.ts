// OIP model repository (PROTOCOL.md 2.7). The index is for everyone who may read, load and unload for the operator.
import { type Context, Hono } from 'hono';
import { parseJson } from '../../registry/parse.ts';
import type { AppContext } from '../isolate.ts';
import { loadModel, modelIndex, readRepositoryRequest, unloadModel } from '../model-repository.ts';
import { readBoolean, readObject } from '../protocol/fields.ts';
import { visibleModels } from '../security/access.ts';
import { audited, noteChange } from '../security/audit.ts';
import { actorOf, requireOperator } from '../security/control-plane.ts';
import { readBody } from '../security/limits.ts';
import { readSelector } from './selector.ts';

const bodyLimits = { maxBodyBytes: 1_048_576, maxInflatedBytes: 1_048_576 };

export const repositoryRoutes = new Hono<AppContext>()
  .post('/index', async (c) => {
    const wanted = readObject((await readOptionalJson(c)) ?? {}, 'the body');
    const readyOnly = readBoolean(wanted.ready, "'ready'") ?? false;
    return c.json(await modelIndex(c.var.isolate, { readyOnly, only: visibleModels(c) }));
  })
  .post('/models/:model/load', audited, requireOperator, async (c) => {
    const { model } = readSelector(c);
    const requested = readRepositoryRequest(await readOptionalJson(c));
    const loaded = await loadModel(c.var.isolate, { model, requested, actor: actorOf(c) }, c.executionCtx);
    noteChange(c, 'loaded', { model, ...loaded });
    return c.body(null, 200);
  })
  .post('/models/:model/unload', audited, requireOperator, async (c) => {
    const { model } = readSelector(c);
    const requested = readRepositoryRequest(await readOptionalJson(c));
    await unloadModel(c.var.isolate, { model, requested }, c.executionCtx);
    noteChange(c, 'unloaded', { model, version: requested });
    return c.body(null, 200);
  });

async function readOptionalJson(c: Context<AppContext>): Promise<unknown> {
  const text = new TextDecoder().decode(await readBody(c.req.raw, bodyLimits));
  return text.trim() === '' ? undefined : parseJson(text, 'the body');
}
