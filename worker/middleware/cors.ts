// Which web pages may call the data plane from a browser: an allow list of origins. The control plane is not for pages.
import type { Context, Next } from 'hono';
import { cors as honoCors } from 'hono/cors';
import { createMiddleware } from 'hono/factory';
import type { AppContext } from '../http/app-context.ts';

/** Headers that a page may send beyond the simple ones. */
const allowHeaders = [
  'authorization',
  'content-encoding',
  'content-type',
  'if-none-match',
  'inference-header-content-length',
  'popserve-feedback',
  'popserve-key',
  'popserve-last-call',
  'popserve-min-epoch',
  'popserve-non-finite',
  'traceparent',
  'tracestate',
  'x-api-key',
];

/** Headers of an answer that a page may read, beside those that start with `popserve-`. */
const exposed = new Set(['etag', 'inference-header-content-length', 'retry-after', 'server-timing', 'traceparent']);

/** Browsers send it with every call of a page that the answer is of interest to. */
export const originHeader = 'origin';

const answerPage = honoCors({
  origin: (origin, c) => allowedOrigin(origin, c.var.isolate.config.corsOrigins),
  allowMethods: ['GET', 'HEAD', 'POST'],
  allowHeaders,
  // The longest that Chromium keeps an answered preflight.
  maxAge: 7200,
});

/** A call below this changes what is served: it is an operator's, and not for pages. */
const changing = '/v2/repository/models/';

/**
 * Answers preflights and lets the pages of allowed origins read answers and errors. A page of another origin gets its answer
 * without the header that lets it be read: the browser refuses it.
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export const cors = createMiddleware<AppContext>((c, next) => {
  const { corsOrigins } = c.get('isolate').config;
  if (corsOrigins !== '*' && corsOrigins.size === 0) return next();
  if (c.req.path.startsWith(changing)) return next();
  if (c.req.header(originHeader) !== undefined) return answerOrigin(c, next);
  return c.req.method === 'GET' ? answerCaches(c, next) : next();
});

/** A cache that keeps this answer must not give it to a page: it does not allow one. */
async function answerCaches(c: Context<AppContext>, next: Next): Promise<void> {
  await next();
  c.header('vary', 'Origin', { append: true });
}

async function answerOrigin(c: Context<AppContext>, next: Next): Promise<Response | undefined> {
  const preflight = await answerPage(c, next);
  if (preflight) return preflight;
  const names = [...c.res.headers.keys()].filter((name) => name.startsWith('popserve-') || exposed.has(name));
  // Set by the middleware around this one.
  c.header('access-control-expose-headers', ['popserve-pop', ...names].join(','));
  return undefined;
}

function allowedOrigin(origin: string, allowed: '*' | ReadonlySet<string>): string | null {
  if (allowed === '*') return '*';
  const onAnyPort = `${origin.replace(/:\d+$/, '')}:*`;
  return allowed.has(origin) || allowed.has(onAnyPort) ? origin : null;
}
