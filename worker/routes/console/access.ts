// The pages about who may do what: keys, the audit, the viewer's own session.
import type { Context } from 'hono';
import * as z from 'zod';
import { keyIdSchema } from '../../../registry/api-key.ts';
import { modelNameSchema } from '../../../registry/names.ts';
import { parse } from '../../../registry/parse.ts';
import type { AppContext } from '../../http/app-context.ts';
import { sessionOf } from '../../http/session.ts';
import { spendOf } from '../../http/spend.ts';
import { operatorOf } from '../../middleware/audit.ts';
import { searchAudit } from '../../models/audit-page.ts';
import { createKey, revokeKey } from '../../models/keys.ts';
import { limitsInForce } from '../../models/limits.ts';
import { signOutSeconds } from '../../security/sessions.ts';
import { answerPage, frameOf } from './answer-page.ts';

const keysShown = 50;

const accessQuerySchema = z.object({
  after: z.string().max(1024).exactOptional(),
  revoked: keyIdSchema.exactOptional(),
});

export async function showAccess(c: Context<AppContext>) {
  const { security, config } = c.var.isolate;
  const { after, revoked } = parse(accessQuerySchema, c.req.query(), 'query');
  const page = { limit: keysShown, ...(after === undefined ? {} : { after }) };
  const keys = await security.keys.list(page, spendOf(c));
  const { accessScreen } = await import('../../console/screens/access.tsx');
  const notice =
    revoked === undefined
      ? null
      : { kind: 'good' as const, text: `Key ${revoked} is revoked; here it is refused now.` };
  const access = { keys, limits: limitsInForce(config, security.limited), nowMs: Date.now() };
  return answerPage(c, accessScreen(await frameOf(c, notice), access));
}

export async function showNewKey(c: Context<AppContext>) {
  const [{ readNewKey }, { newKeyScreen }] = await keyPages();
  const fields = { ...c.req.query(), scope: c.req.queries('scope') };
  return answerPage(c, newKeyScreen(await frameOf(c), readNewKey(fields)));
}

export async function makeKey(c: Context<AppContext>) {
  const fields = await c.req.parseBody({ all: true });
  const [{ readNewKey, requestOf }, { createdKeyScreen }] = await keyPages();
  const created = await createKey(c.var.isolate, requestOf(readNewKey(fields), Date.now()), operatorOf(c));
  return answerPage(c, createdKeyScreen(await frameOf(c), created, new URL(c.req.url).origin), 201);
}

export async function showRevocation(c: Context<AppContext>) {
  const { security, config } = c.var.isolate;
  const key = await security.keys.get(parse(keyIdSchema, c.req.param('id'), 'key id'));
  const [, { revokeKeyScreen }] = await keyPages();
  return answerPage(c, revokeKeyScreen(await frameOf(c), key, config.keyCacheSeconds));
}

const reasonSchema = z.object({ reason: z.string().trim().min(1, 'a reason is needed').max(1000) });

export async function endKey(c: Context<AppContext>) {
  const id = parse(keyIdSchema, c.req.param('id'), 'key id');
  const { reason } = parse(reasonSchema, await c.req.parseBody(), 'the form');
  await revokeKey(c.var.isolate, id, reason, operatorOf(c));
  return c.redirect(`/console/access?revoked=${id}`, 303);
}

async function keyPages() {
  return await Promise.all([import('../../console/key-form.ts'), import('../../console/screens/key.tsx')]);
}

const filled = <T extends z.ZodType>(schema: T) =>
  z.preprocess((text) => (typeof text === 'string' && text.trim() === '' ? undefined : text), schema.optional());

const auditQuerySchema = z.object({
  actor: filled(z.string().trim().max(200)),
  change: filled(z.string().trim().max(200)),
  model: filled(z.string().trim().pipe(modelNameSchema)),
  after: z.string().max(1024).exactOptional(),
});

export async function showAudit(c: Context<AppContext>) {
  const { after, ...asked } = parse(auditQuerySchema, c.req.query(), 'query');
  const filter = Object.fromEntries(Object.entries(asked).filter(([, text]) => text !== undefined));
  const finds = await searchAudit(c.var.isolate.security.audit, filter, after ?? null, spendOf(c));
  const { auditScreen } = await import('../../console/screens/audit.tsx');
  return answerPage(c, auditScreen(await frameOf(c), filter, finds));
}

export async function showSession(c: Context<AppContext>) {
  const [caller, session] = [c.get('caller'), await sessionOf(c)];
  const { sessionScreen } = await import('../../console/screens/session.tsx');
  const own = {
    scopes: [...(caller?.scopes ?? [])],
    models: caller?.models === undefined || caller.models === null ? null : [...caller.models],
    ...{ issuedMs: session?.issuedMs ?? 0, expiresMs: session?.expiresMs ?? 0, endSeconds: signOutSeconds },
  };
  return answerPage(c, sessionScreen(await frameOf(c), own));
}
