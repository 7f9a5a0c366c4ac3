// An error on the way to a page, as a page: people see what is wrong and the way on, not JSON.
import type { Context } from 'hono';
import type { PopserveError } from '../../../registry/errors.ts';
import type { AppContext } from '../../http/app-context.ts';
import { redact } from '../../logging/redact.ts';
import { answerPage, frameOf } from './answer-page.ts';

/** Whether the answer is for a person who looks at the console. */
export function isForPage(c: Context<AppContext>): boolean {
  return /^\/console(\/|$)/.test(c.req.path) && /\btext\/html\b/i.test(c.req.header('accept') ?? '');
}

export async function answerFault(error: PopserveError, c: Context<AppContext>): Promise<Response> {
  const { faultScreen } = await import('../../console/screens/fault.tsx');
  const { status, message } = error;
  return answerPage(c, faultScreen(await frameOf(c), { status, message: redact(message) }), status);
}
