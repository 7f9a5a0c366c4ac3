// API keys over HTTP, mounted at /registry/keys: create, list, revoke.
import { Hono } from 'hono';
import { type CreatedKey, type KeyList, keyRevocationSchema, type RevokedKey } from '../../registry/api/keys.ts';
import { keyPageQuerySchema } from '../../registry/api/queries.ts';
import { keyIdSchema, keyRequestSchema } from '../../registry/api-key.ts';
import { parse } from '../../registry/parse.ts';
import type { AppContext } from '../http/app-context.ts';
import { readJson } from '../http/json-body.ts';
import { spendOf } from '../http/spend.ts';
import { operatorOf } from '../middleware/audit.ts';
import { needs } from '../middleware/needs.ts';
import { createKey, revokeKey } from '../models/keys.ts';

export const keyRoutes = new Hono<AppContext>()
  .post('/', needs('admin'), async (c) => {
    const request = parse(keyRequestSchema, await readJson(c, 'the key'), 'the key');
    const created = await createKey(c.var.isolate, request, operatorOf(c));
    return c.json(created satisfies CreatedKey, 201, { 'cache-control': 'no-store' });
  })
  .get('/', needs('admin'), async (c) => {
    const { limit, after } = parse(keyPageQuerySchema, c.req.query(), 'query');
    const page = { limit, ...(after === undefined ? {} : { after }) };
    return c.json((await c.var.isolate.security.keys.list(page, spendOf(c))) satisfies KeyList);
  })
  .delete('/:id', needs('admin'), async (c) => {
    const id = parse(keyIdSchema, c.req.param('id'), 'key id');
    const { reason } = parse(keyRevocationSchema, await readJson(c, 'the revocation', {}), 'the revocation');
    return c.json((await revokeKey(c.var.isolate, id, reason, operatorOf(c))) satisfies RevokedKey);
  });
