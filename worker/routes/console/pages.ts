// The console: pages for people, mounted at `/` and `/console`. Their code is imported when the first page is asked for: an isolate
// that serves models pays nothing for it.
import { type Context, Hono } from 'hono';
import type { AppContext } from '../../http/app-context.ts';
import { inferPage, openPage, page, pagePart } from '../../middleware/session.ts';
import { endKey, makeKey, showAccess, showAudit, showNewKey, showRevocation, showSession } from './access.ts';
import { changeModel, showChange } from './change.ts';
import { showComparison } from './compare.ts';
import { makeBaselineChange, showBaselineChange, showDrift } from './drift.ts';
import { showFleet } from './fleet.ts';
import { showModel } from './model.ts';
import { showModels } from './models.ts';
import { showRelease } from './release.ts';
import { showSignIn, signIn, signOut } from './sign-in.ts';
import { askFrom, type Dispatch, showTry } from './try.ts';
import { welcome } from './welcome.ts';

/** @param dispatch answers a request of a page's form as the app answers it from outside */
export function consoleRoutes(dispatch: Dispatch): Hono<AppContext> {
  return new Hono<AppContext>()
    .get('/', openPage, welcome)
    .get('/console/assets/:name', pagePart, asset)
    .get('/console/sign-in', openPage, showSignIn)
    .post('/console/sign-in', openPage, signIn)
    .post('/console/sign-out', openPage, signOut)
    .get('/console', page('read'), showModels)
    .get('/console/models/:model', page('read'), showModel)
    .get('/console/fleet', page('read'), showFleet)
    .get('/console/models/:model/compare', page('read'), showComparison)
    .get('/console/models/:model/release', page('read'), showRelease)
    .get('/console/models/:model/try', inferPage, showTry)
    .post('/console/models/:model/try', inferPage, askFrom(dispatch))
    .get('/console/models/:model/change', page('release'), showChange)
    .post('/console/models/:model/change', page('release'), changeModel)
    .get('/console/models/:model/drift', page('read'), showDrift)
    .get('/console/models/:model/drift/change', page('release'), showBaselineChange)
    .post('/console/models/:model/drift/change', page('release'), makeBaselineChange)
    .get('/console/access', page('admin'), showAccess)
    .get('/console/access/new-key', page('admin'), showNewKey)
    .post('/console/access/new-key', page('admin'), makeKey)
    .get('/console/access/keys/:id/revoke', page('admin'), showRevocation)
    .post('/console/access/keys/:id/revoke', page('admin'), endKey)
    .get('/console/access/audit', page('admin'), showAudit)
    .get('/console/session', page('infer', 'read', 'release', 'admin'), showSession);
}

async function asset(c: Context<AppContext>) {
  const { consoleAssets } = await import('../../console/assets.ts');
  const found = (await consoleAssets()).byName.get(c.req.param('name') ?? '');
  if (found === undefined) return c.notFound();
  const headers = { 'content-type': found.type, 'cache-control': 'public, max-age=31536000, immutable' };
  return c.body(found.text, 200, headers);
}
