// The page of one model.
import type { Context } from 'hono';
import * as z from 'zod';
import { parse } from '../../../registry/parse.ts';
import type { AppContext } from '../../http/app-context.ts';
import { modelOf } from '../../http/registry-request.ts';
import { spendOf } from '../../http/spend.ts';
import { modelPage } from '../../models/model-page.ts';
import { answerPage, frameOf } from './answer-page.ts';

const partSchema = z.object({
  first: z.coerce.number().int().min(0).default(0),
  before: z.coerce.number().int().min(1).exactOptional(),
  done: z.string().max(1000).exactOptional(),
});

export async function showModel(c: Context<AppContext>) {
  const { done, ...part } = parse(partSchema, c.req.query(), 'query');
  const data = await modelPage(c.var.isolate, modelOf(c), part, spendOf(c));
  const { modelScreen } = await import('../../console/screens/model.tsx');
  const epoch = data.route?.epoch;
  const notice =
    done !== undefined && String(epoch) === done
      ? { kind: 'good' as const, text: `Done: epoch ${epoch} is released.` }
      : null;
  return answerPage(c, modelScreen(await frameOf(c, notice), data));
}
