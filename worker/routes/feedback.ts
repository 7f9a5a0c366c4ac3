// The truth about answers, told by those who kept their ids.
import { type Context, Hono } from 'hono';
import { type Feedback, type FeedbackAnswer, feedbackRequestSchema } from '../../registry/api/feedback.ts';
import { mostValues } from '../../registry/bounds.ts';
import { PopserveError } from '../../registry/errors.ts';
import { parse, parseJson } from '../../registry/parse.ts';
import type { AppContext } from '../http/app-context.ts';
import { holderOf } from '../http/caller.ts';
import { popOf } from '../http/pop.ts';
import { readBody } from '../http/read-body.ts';
import { readSelector } from '../http/selector.ts';
import { passJson, passUnreadJson } from '../http/work.ts';
import { needs } from '../middleware/needs.ts';
import { boundJson } from '../protocol/json.ts';
import { judged } from '../telemetry/feedback/judgement.ts';

/** A thousand truths with long ids. */
const mostBytes = 2_097_152;
const mostDepth = 8;

export const feedbackRoutes = new Hono<AppContext>().post('/models/:model/feedback', needs('infer'), feedback);

async function feedback(c: Context<AppContext>) {
  const isolate = c.get('isolate');
  const { model } = readSelector(c);
  if (isolate.answerIds === null) {
    throw new PopserveError('UNSUPPORTED', 'feedback is off: FEEDBACK_SECRET is not configured');
  }
  const told = parse(feedbackRequestSchema, await readJson(c), 'feedback');
  // The report says what this isolate serves of the model, so a cold one looks. Without a route there is nothing to find.
  await isolate.routes
    .resolve({ model, requested: null, minEpoch: null, key: '' }, c.executionCtx)
    .catch((error: unknown) => {
      if (!(error instanceof PopserveError)) throw error;
    });
  const refused: FeedbackAnswer['refused'] = [];
  const list = Array.isArray(told) ? told : [told];
  for (const [place, each] of list.entries()) {
    try {
      await tell(c, model, each);
    } catch (error) {
      if (!(error instanceof PopserveError) || !Array.isArray(told) || error.code !== 'INVALID_ARGUMENT') throw error;
      refused.push({ place, error: error.message });
    }
  }
  isolate.reporter.flushBehind(model, popOf(isolate), isolate.routes.serving(model), c.executionCtx);
  return c.json({ accepted: list.length - refused.length, refused } satisfies FeedbackAnswer, 202);
}

async function tell(c: Context<AppContext>, model: string, { id, truth }: Feedback): Promise<void> {
  const isolate = c.get('isolate');
  const claim = await isolate.answerIds?.read(model, id, Date.now());
  if (claim === undefined) return;
  const counts = judged(claim.predicted, truth);
  if (counts === null) return;
  isolate.feedback.add(model, claim, counts);
}

async function readJson(c: Context<AppContext>): Promise<unknown> {
  const isolate = c.get('isolate');
  const account = isolate.ledger.open(holderOf(c));
  try {
    passUnreadJson(c);
    const limits = { maxBodyBytes: mostBytes, maxInflatedBytes: mostBytes, maxSeconds: isolate.config.maxBodySeconds };
    const bytes = await readBody(c.req.raw, limits, account);
    passJson(c, bytes.length);
    boundJson(bytes, { maxDepth: mostDepth, maxValues: mostValues });
    return parseJson(new TextDecoder().decode(bytes), 'feedback');
  } finally {
    account.close();
  }
}
