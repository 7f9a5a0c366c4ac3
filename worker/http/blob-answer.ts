// A blob as an HTTP answer: conditional requests and byte ranges, for the registry and for the artifacts of the data plane alike.
import type { Context } from 'hono';
import { parseRange } from '../../registry/byte-range.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { Digest } from '../../registry/names.ts';
import type { AppContext } from './app-context.ts';
import { clientHolds } from './entity-tag.ts';

/**
 * Answers GET, and HEAD by it.
 * @param headers of the answer, beside those that follow from the blob
 * @param uploader who is told only of blobs that it has sent; null for everybody else
 * @returns 200, 206 for a range, 304 for what the client has already; the digest is the ETag
 * @throws PopserveError NOT_FOUND, RANGE_NOT_SATISFIABLE
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
 */
export async function answerBlob(
  c: Context<AppContext>,
  digest: Digest,
  headers: Readonly<Record<string, string>>,
  uploader: string | null = null,
): Promise<Response> {
  const { registry } = c.var.isolate;
  const info = await registry.hasBlob(digest, uploader);
  if (info === null) throw new PopserveError('NOT_FOUND', `blob ${digest} is not in the registry`);
  const etag = `"${digest}"`;
  const about = { ...headers, ETag: etag, 'Accept-Ranges': 'bytes' };
  if (clientHolds(c.req.header('If-None-Match'), etag)) return c.body(null, 304, about);
  const content = { ...about, 'Content-Type': 'application/octet-stream' };
  if (c.req.method === 'HEAD') return c.body(null, 200, { ...content, 'Content-Length': String(info.bytes) });

  // A client that holds the beginning of other bytes must not get the end of these.
  const same = (c.req.header('If-Range') ?? etag) === etag;
  const range = same ? parseRange(c.req.header('Range'), info.bytes) : 'all';
  if (range === 'unsatisfiable') {
    c.header('Content-Range', `bytes */${info.bytes}`);
    throw new PopserveError('RANGE_NOT_SATISFIABLE', `expected a range within ${info.bytes} bytes`);
  }
  if (range === 'all') return c.body((await registry.getBlob(digest)).body, 200, content);
  const last = range.offset + range.length - 1;
  const contentRange = `bytes ${range.offset}-${last}/${info.bytes}`;
  const { body } = await registry.getBlob(digest, range);
  return c.body(body, 206, { ...content, 'Content-Range': contentRange });
}
