// How an encoded answer leaves: as it is, or compressed where the client wants that and the platform cannot.
import type { Context } from 'hono';
import { deflate, needsDeflate } from '../protocol/compress.ts';
import type { EncodedMessage } from '../protocol/envelope.ts';
import type { AppContext } from './app-context.ts';
import { popOf } from './pop.ts';

export function answer(c: Context<AppContext>, message: EncodedMessage): Response {
  const headers: Record<string, string> = { ...message.headers, 'popserve-pop': popOf(c) };
  const { body } = message;
  if (!needsDeflate(body, c.req.raw)) return new Response(body, { headers });
  headers['content-encoding'] = 'deflate';
  headers.vary = 'Accept-Encoding';
  // Compressed already: without `manual` the platform would do it once more.
  return new Response(deflate(body), { headers, encodeBody: 'manual' });
}
