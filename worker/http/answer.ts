// How an encoded answer leaves: as it is, or compressed where the client wants that and the platform cannot.
import type { Context } from 'hono';
import { deflate, needsDeflate } from '../protocol/compress.ts';
import type { EncodedMessage } from '../protocol/envelope.ts';
import type { AppContext } from './app-context.ts';
import { popOf } from './pop.ts';

/** The client's copy is still valid: headers without a body. */
export interface Unchanged {
  readonly headers: Record<string, string>;
  readonly body: null;
}

/** @returns 200 with the body; 304 without one */
export function answer(c: Context<AppContext>, message: EncodedMessage | Unchanged): Response {
  const headers: Record<string, string> = { ...message.headers, 'popserve-pop': popOf(c.get('isolate')) };
  const { body } = message;
  if (body === null) return new Response(null, { status: 304, headers });
  if (!needsDeflate(body, c.req.raw)) return new Response(body, { headers });
  headers['content-encoding'] = 'deflate';
  headers.vary = 'Accept-Encoding';
  // The body is compressed already: without `manual` the platform would compress it once more.
  return new Response(deflate(body), { headers, encodeBody: 'manual' });
}
