// The frame around every call that is answered by running a model, whatever form the call has.
import type { Context } from 'hono';
import { answer, type Unchanged } from '../http/answer.ts';
import type { AppContext } from '../http/app-context.ts';
import { popOf } from '../http/pop.ts';
import { type BodyLimits, readBody } from '../http/read-body.ts';
import { fallbackFor } from '../inference/fallback.ts';
import { type EncodedMessage, headerLengthName } from '../protocol/envelope.ts';
import type { Resolved, Selector } from '../routing/route-table.ts';
import { HeldBody } from '../security/body-room.ts';

/** Answers a call with the version that it was resolved to. */
export type Operation = (served: Resolved, body: Uint8Array) => Promise<EncodedMessage | Unchanged>;

const noBody = new Uint8Array();

/**
 * Resolves the version once, holds the body's bytes in the isolate's account until the answer is made, lets stable answer for a
 * canary that cannot be had, and sends what was counted behind the answer.
 * @param operation called again with stable if the canary is UNAVAILABLE
 * @throws PopserveError for any fault of the request or of the model
 */
export async function serve(c: Context<AppContext>, selector: Selector, operation: Operation): Promise<Response> {
  const isolate = c.get('isolate');
  const { model } = selector;
  let served = await isolate.routes.resolve(selector, c.executionCtx);
  const held = new HeldBody(isolate.bodies);
  try {
    const body = c.req.method === 'POST' ? await readBody(c.req.raw, bodyLimits(c), held) : noBody;
    for (;;) {
      try {
        return answer(c, await operation(served, body));
      } catch (error) {
        served = fallbackFor(isolate, served, error);
      }
    }
  } finally {
    held.release();
    isolate.reporter.flushBehind(model, popOf(isolate), isolate.routes.serving(model), c.executionCtx);
  }
}

/** JSON costs several times its size to read, binary tensors nothing: so a body that is JSON throughout has the lower limit. */
function bodyLimits(c: Context<AppContext>): BodyLimits {
  const { maxBodyBytes, maxInflatedBytes, decodeLimits } = c.var.isolate.config;
  if (c.req.header(headerLengthName) !== undefined) return { maxBodyBytes, maxInflatedBytes };
  const { maxJsonBytes } = decodeLimits;
  return {
    maxBodyBytes: Math.min(maxBodyBytes, maxJsonBytes),
    maxInflatedBytes: Math.min(maxInflatedBytes, maxJsonBytes),
  };
}
