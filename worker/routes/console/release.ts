// The page of a release on its way, and the part of it that a script asks for again.
import type { Context } from 'hono';
import type { AppContext } from '../../http/app-context.ts';
import { modelOf } from '../../http/registry-request.ts';
import { reportedStatus } from '../../models/reports.ts';
import { answerPage, frameOf } from './answer-page.ts';

export async function showRelease(c: Context<AppContext>) {
  const status = await reportedStatus(c.var.isolate, modelOf(c));
  const { liveRelease, releaseScreen } = await import('../../console/screens/release.tsx');
  if (c.req.query('part') !== 'live') return answerPage(c, releaseScreen(await frameOf(c), status));
  return c.html(String(await liveRelease(status)), 200, { 'cache-control': 'no-store' });
}
