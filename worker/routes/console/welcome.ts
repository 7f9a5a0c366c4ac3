// `/`: for people the way in, for programs a few links.
import type { Context } from 'hono';
import type { Landing } from '../../../registry/api/server.ts';
import { PopserveError } from '../../../registry/errors.ts';
import type { AppContext } from '../../http/app-context.ts';
import { visibleModels } from '../../http/caller.ts';
import { readSelector } from '../../http/selector.ts';
import { spendOf } from '../../http/spend.ts';
import { modelList } from '../../models/metadata.ts';
import { questionOf } from '../../models/questions.ts';
import { serverName, serverVersion } from '../../server-identity.ts';
import { answerPage, frameOf } from './answer-page.ts';

/** The first ones only: the console has them all. */
const modelsShown = 20;

const links = { models: '/v2/models', description: '/openapi.json', documentation: '/docs', console: '/console' };

export async function welcome(c: Context<AppContext>) {
  c.header('vary', 'Accept', { append: true });
  if (!wantsPage(c)) {
    return c.json({ status: 'alive', name: serverName, version: serverVersion, links } satisfies Landing);
  }
  const { isolate } = c.var;
  if (isolate.config.access === 'keyed' && c.get('caller') === undefined) return c.redirect('/console/sign-in', 303);
  const page = { limit: modelsShown, only: visibleModels(c) };
  const { models } = await modelList(isolate, page, spendOf(c));
  const { welcomeScreen } = await import('../../console/screens/welcome.tsx');
  const answering = models.find(({ aliases }) => aliases.stable !== undefined);
  const first = answering === undefined ? null : await firstQuestion(c, answering.name);
  return answerPage(c, welcomeScreen(await frameOf(c), { models, origin: new URL(c.req.url).origin, first }));
}

/** Null where the model cannot answer now: the page says the rest all the same. */
async function firstQuestion(c: Context<AppContext>, model: string) {
  try {
    const { manifest } = await c.var.isolate.routes.resolve(readSelector(c, { model }), c.executionCtx);
    return { model, question: questionOf(manifest) };
  } catch (error) {
    if (error instanceof PopserveError) return null;
    throw error;
  }
}

/** Browsers name HTML; programs take anything or JSON. */
function wantsPage(c: Context<AppContext>): boolean {
  return /\btext\/html\b/i.test(c.req.header('accept') ?? '');
}
