// What a browser may do with the pages that the Worker serves: run the Worker's own scripts and call the Worker, nothing else.
import { createMiddleware } from 'hono/factory';
import type { AppContext } from '../http/app-context.ts';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** For what browsers show as a page, and errors in its place. @see https://www.w3.org/TR/CSP3/ */
export const pageHeaders = createMiddleware<AppContext>(async (c, next) => {
  await next();
  if (!c.res.headers.has('content-security-policy')) c.header('content-security-policy', policy);
  c.header('x-content-type-options', 'nosniff');
  c.header('x-frame-options', 'DENY');
  c.header('referrer-policy', 'no-referrer');
  c.header('cross-origin-opener-policy', 'same-origin');
  c.header('cross-origin-resource-policy', 'same-origin');
  c.header('permissions-policy', 'camera=(), geolocation=(), microphone=()');
  c.header('strict-transport-security', 'max-age=31536000');
});
