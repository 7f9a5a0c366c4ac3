// A blob on its way into the registry.
import type { Context } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import type { Digest } from '../../registry/names.ts';
import type { AppContext } from './app-context.ts';
import { uploaderOf } from './caller.ts';
import { relayBody } from './client-gone.ts';

/**
 * Stores the request's body, streamed, under its digest.
 * @returns `created` false if it was there already
 * @throws PopserveError INVALID_ARGUMENT without a length, UNPROCESSABLE for other bytes, CLIENT_GONE
 */
export async function storeBlob(c: Context<AppContext>, digest: Digest): Promise<{ bytes: number; created: boolean }> {
  const { body } = c.req.raw;
  const bytes = Number(c.req.header('Content-Length') ?? Number.NaN);
  if (body === null || !Number.isSafeInteger(bytes)) {
    throw new PopserveError('INVALID_ARGUMENT', 'expected a body with a Content-Length');
  }
  const { registry } = c.var.isolate;
  // A blob that was there before: whoever may store blobs is let finish, and then sees the answer.
  const created = await relayBody(body, bytes, (relayed) => registry.putBlob(digest, relayed, bytes, uploaderOf(c)));
  return { bytes, created };
}
