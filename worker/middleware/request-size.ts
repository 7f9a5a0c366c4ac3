// How long a request's URL and headers may be: less than the platform allows, since nothing here needs as much.
import type { Context } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import type { AppContext } from '../http/app-context.ts';

/** Refuses with 414 or 431, which name the limit. */
export function limitSize(c: Context<AppContext>): void {
  const { maxUrlBytes, maxHeaderBytes } = c.get('isolate').config;
  const { url, headers } = c.req.raw;
  // The URL is percent-encoded: a character is a byte.
  if (url.length > maxUrlBytes) {
    throw new PopserveError('URI_TOO_LONG', `the URL has ${url.length} bytes, the limit is ${maxUrlBytes}`);
  }
  let bytes = 0;
  // Not their iterator, which makes an array and a result for each.
  headers.forEach((value, name) => {
    bytes += name.length + value.length + 4;
  });
  if (bytes > maxHeaderBytes) {
    throw new PopserveError('HEADERS_TOO_LARGE', `the headers have ${bytes} bytes, the limit is ${maxHeaderBytes}`);
  }
}
