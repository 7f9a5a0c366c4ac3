// A blob on its way into the registry.
import type { Context } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import type { Digest } from '../../registry/names.ts';
import type { AppContext } from './app-context.ts';
import { uploaderOf } from './caller.ts';

/**
 * Stores the request's body, streamed, under its digest.
 * @returns `created` false if it was there already
 * @throws PopserveError INVALID_ARGUMENT without a length, UNPROCESSABLE for other bytes
 */
export async function storeBlob(c: Context<AppContext>, digest: Digest): Promise<{ bytes: number; created: boolean }> {
  const { body } = c.req.raw;
  const bytes = Number(c.req.header('Content-Length') ?? Number.NaN);
  if (body === null || !Number.isSafeInteger(bytes)) {
    throw new PopserveError('INVALID_ARGUMENT', 'expected a body with a Content-Length');
  }
  const created = await c.var.isolate.registry.putBlob(digest, body, bytes, uploaderOf(c));
  // It was there before: whoever may store blobs is let finish, and then sees the answer.
  if (!c.req.raw.bodyUsed) await body.pipeTo(new WritableStream());
  return { bytes, created };
}
