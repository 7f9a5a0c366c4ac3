// OIP inference (PROTOCOL.md 2.5, 2.6).
import { type Context, Hono } from 'hono';
import { infer } from '../infer.ts';
import type { AppContext } from '../isolate.ts';
import { popOf } from '../pop.ts';
import { headerLengthName } from '../protocol/envelope.ts';
import { readBody } from '../security/limits.ts';
import { answer } from './answer.ts';
import { readSelector } from './selector.ts';

export const inferRoutes = new Hono<AppContext>()
  .post('/models/:model/infer', handle)
  .post('/models/:model/versions/:version/infer', handle);

async function handle(c: Context<AppContext>) {
  const isolate = c.get('isolate');
  const selector = readSelector(c);
  const resolved = await isolate.routes.resolve(selector, c.executionCtx);
  try {
    const body = await readBody(c.req.raw, isolate.config.maxBodyBytes);
    const headerLength = c.req.header(headerLengthName) ?? null;
    return answer(c, await infer(isolate, resolved, { body, headerLength }, c.executionCtx));
  } finally {
    const { model } = selector;
    isolate.reporter.flushBehind(model, popOf(c), isolate.routes.serving(model), c.executionCtx);
  }
}
