// The objects of the registry for backups, and the repair after a restore: for administrators alone. Mounted at /registry, behind the
// audit of registry.ts.
import { Hono } from 'hono';
import type { RepairAnswer, RestoredObject } from '../../registry/api/objects.ts';
import { objectPageQuerySchema } from '../../registry/api/queries.ts';
import { type ObjectKind, readObjectKey } from '../../registry/object-key.ts';
import { parse } from '../../registry/parse.ts';
import type { AppContext } from '../http/app-context.ts';
import { readText } from '../http/json-body.ts';
import { operatorOf } from '../middleware/audit.ts';
import { needs } from '../middleware/needs.ts';

/** Kinds that change what is served or who may ask. The audit's own records and marks are told by the log line of the call. */
const recorded: ReadonlySet<ObjectKind> = new Set(['version', 'retiring', 'route', 'key', 'revocation']);

export const objectRoutes = new Hono<AppContext>()
  .get('/objects', needs('admin'), async (c) => {
    const page = parse(objectPageQuerySchema, c.req.query(), 'query');
    return c.json(await c.var.isolate.archive.list(page));
  })
  .get('/objects/:key{.+}', needs('admin'), async (c) => {
    const text = await c.var.isolate.archive.read(c.req.param('key'));
    return c.body(text, 200, { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' });
  })
  .put('/objects/:key{.+}', needs('admin'), async (c) => {
    const key = c.req.param('key');
    const created = await c.var.isolate.archive.restore(key, await readText(c));
    const about = readObjectKey(key);
    if (created && about !== null && recorded.has(about.kind)) operatorOf(c).note('object restored', { key });
    return c.json({ key } satisfies RestoredObject, created ? 201 : 200);
  })
  .post('/repair', needs('admin'), async (c) => {
    const report = await c.var.isolate.registry.repair({ anew: true });
    operatorOf(c).note('registry repaired', { ...report });
    return c.json(report satisfies RepairAnswer);
  });
