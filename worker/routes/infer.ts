// OIP inference (PROTOCOL.md 2.5, 2.6), plain records in the same place, and questions in a URL.
import { type Context, Hono } from 'hono';
import { answer } from '../http/answer.ts';
import type { AppContext } from '../http/app-context.ts';
import { popOf } from '../http/pop.ts';
import { readBody } from '../http/read-body.ts';
import { readSelector } from '../http/selector.ts';
import { withFallback } from '../inference/fallback.ts';
import { infer } from '../inference/infer.ts';
import { ask } from '../inference/question.ts';
import { headerLengthName } from '../protocol/envelope.ts';
import { HeldBody } from '../security/body-room.ts';

export const inferRoutes = new Hono<AppContext>()
  .post('/models/:model/infer', handle)
  .post('/models/:model/versions/:version/infer', handle)
  .get('/models/:model/infer', handleQuestion)
  .get('/models/:model/versions/:version/infer', handleQuestion);

async function handle(c: Context<AppContext>) {
  const isolate = c.get('isolate');
  const selector = readSelector(c);
  const resolved = await isolate.routes.resolve(selector, c.executionCtx);
  const held = new HeldBody(isolate.bodies);
  try {
    const body = await readBody(c.req.raw, isolate.config, held);
    const headerLength = c.req.header(headerLengthName) ?? null;
    const message = await withFallback(resolved, (served) =>
      infer(isolate, served, { body, headerLength }, c.executionCtx),
    );
    return answer(c, message);
  } finally {
    held.release();
    const { model } = selector;
    isolate.reporter.flushBehind(model, popOf(c), isolate.routes.serving(model), c.executionCtx);
  }
}

async function handleQuestion(c: Context<AppContext>) {
  const { isolate } = c.var;
  const selector = readSelector(c);
  const resolved = await isolate.routes.resolve(selector, c.executionCtx);
  try {
    const question = { url: new URL(c.req.url), ifNoneMatch: c.req.header('if-none-match') ?? null };
    const { message, headers } = await withFallback(resolved, (served) =>
      ask(isolate, served, question, c.executionCtx),
    );
    return message === null ? c.body(null, 304, headers) : answer(c, message);
  } finally {
    const { model } = selector;
    isolate.reporter.flushBehind(model, popOf(c), isolate.routes.serving(model), c.executionCtx);
  }
}
