// API keys over HTTP, mounted at /registry/keys behind the control plane's guard: create, list, revoke.
import { Hono } from 'hono';
import { type CreatedKey, type KeyList, keyRevocationSchema, type RevokedKey } from '../../registry/api/keys.ts';
import { keyIdSchema, keyRequestSchema } from '../../registry/api-key.ts';
import { parse } from '../../registry/parse.ts';
import type { AppContext } from '../http/app-context.ts';
import { readJson } from '../http/json-body.ts';
import { noteChange } from '../middleware/audit.ts';
import { actorOf } from '../middleware/control-plane.ts';

export const keyRoutes = new Hono<AppContext>();

/** The only answer that ever carries the key itself. */
keyRoutes.post('/', async (c) => {
  const request = parse(keyRequestSchema, await readJson(c, 'the key'), 'the key');
  const { key, token } = await c.var.isolate.security.keys.create(request, actorOf(c));
  const { id, name, scopes, models, expiresAt } = key;
  noteChange(c, 'key created', { id, name, scopes, models, expiresAt });
  return c.json({ key, token } satisfies CreatedKey, 201, { 'cache-control': 'no-store' });
});

keyRoutes.get('/', async (c) => c.json({ keys: await c.var.isolate.security.keys.list() } satisfies KeyList));

keyRoutes.delete('/:id', async (c) => {
  const id = parse(keyIdSchema, c.req.param('id'), 'key id');
  const { reason } = parse(keyRevocationSchema, await readJson(c, 'the revocation', {}), 'the revocation');
  const { keys, keyCache } = c.var.isolate.security;
  const { key, revoked } = await keys.revoke(id, { actor: actorOf(c), reason });
  keyCache.forget(id);
  if (revoked) noteChange(c, 'key revoked', { id, name: key.name, reason });
  const { keyCacheSeconds } = c.var.isolate.config;
  return c.json({ key, everywhereWithinSeconds: keyCacheSeconds } satisfies RevokedKey);
});
