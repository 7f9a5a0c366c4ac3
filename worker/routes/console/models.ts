// The page of all models.
import type { Context } from 'hono';
import type { AppContext } from '../../http/app-context.ts';
import { visibleModels } from '../../http/caller.ts';
import { spendOf } from '../../http/spend.ts';
import { overviewOf } from '../../models/overview.ts';
import { answerPage, frameOf } from './answer-page.ts';

/** Each is a question to a Durable Object. */
const modelsShown = 50;

export async function showModels(c: Context<AppContext>) {
  const after = c.req.query('after');
  const asked = { limit: modelsShown, only: visibleModels(c), ...(after === undefined ? {} : { after }) };
  const overview = await overviewOf(c.var.isolate, asked, spendOf(c));
  const { modelsScreen } = await import('../../console/screens/models.tsx');
  return answerPage(c, modelsScreen(await frameOf(c), overview));
}
