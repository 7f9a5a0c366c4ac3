// Headers that every answer has, whatever it holds.
import type { Context } from 'hono';

/** An answer is what its media type says: JSON with a caller's own words in it is never taken for a page or a script. */
export const answerHeaders = { 'x-content-type-options': 'nosniff' } as const;

export function isJson({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('application/json') ?? false;
}

/**
 * Keeps the platform from compressing an answer. Clients that were written against Triton inflate successful inference alone: metadata,
 * statistics and errors have to come as they are, whatever the client's HTTP library says that it accepts.
 * @see https://developers.cloudflare.com/speed/optimization/content/compression/
 */
export function keepPlain(c: Context): void {
  if (c.res.headers.has('content-encoding')) return;
  c.header('content-encoding', 'identity');
  const known = c.res.headers.get('cache-control');
  c.header('cache-control', known === null ? 'no-transform' : `${known}, no-transform`);
}
