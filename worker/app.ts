// The Hono app: middleware in its order and every mount, on one screen.
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { RegExpRouter } from 'hono/router/reg-exp-router';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { ErrorAnswer } from '../registry/api/error.ts';
import { PopserveError } from '../registry/errors.ts';
import { answerHeaders } from './http/answer-headers.ts';
import type { AppContext } from './http/app-context.ts';
import { errorAnswer } from './http/error-answer.ts';
import { requestIdOf } from './http/request-id.ts';
import { traceFields } from './http/trace.ts';
import type { Isolate } from './isolate.ts';
import { errorText } from './logging/error-text.ts';
import { log } from './logging/log.ts';
import { redact } from './logging/redact.ts';
import { audited } from './middleware/audit.ts';
import { cors, originHeader } from './middleware/cors.ts';
import { requireDeclarations } from './middleware/declarations.ts';
import { withDirectCalls } from './middleware/direct-calls.ts';
import { closeRequest, openRequest, requireServable } from './middleware/frame.ts';
import { needsOnly } from './middleware/needs.ts';
import { pageHeaders } from './middleware/page-headers.ts';
import { markHeader, sessionOfScript } from './middleware/session.ts';
import { postedVerbs, wrongMethod } from './middleware/wrong-method.ts';
import { artifactRoutes } from './routes/artifact.ts';
import { answerFault, isForPage } from './routes/console/fault.ts';
import { consoleRoutes } from './routes/console/pages.ts';
import { descriptionRoutes } from './routes/description.ts';
import { driftRoutes } from './routes/drift.ts';
import { embeddingsRoutes } from './routes/embeddings.ts';
import { feedbackRoutes } from './routes/feedback.ts';
import { healthRoutes } from './routes/health.ts';
import { inferRoutes } from './routes/infer.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { modelRoutes } from './routes/models.ts';
import { objectRoutes } from './routes/objects.ts';
import { predictRoutes } from './routes/predict.ts';
import { registryRoutes } from './routes/registry.ts';
import { repositoryRoutes } from './routes/repository.ts';
import { sampleRoutes } from './routes/sample.ts';
import { statisticsRoutes } from './routes/statistics.ts';
import { unsupportedRoutes } from './routes/unsupported.ts';

/** Paths for clients; the others are for operators and people. */
const dataPlane = ['/v2/*', '/v1/*', '/openapi.json'];

/** Only known callers are told which paths there are not; on an open server that is everybody. */
const modelPaths = ['/v2/models/*', '/v2/repository/*', '/v1/models/*'];

/** Calls by POST that models answer: the requests that a PoP is there for. */
const inferencePaths = [
  '/v2/models/:model/infer',
  '/v2/models/:model/versions/:version/infer',
  '/v1/models/:call',
  '/v1/models/:model/versions/:call',
  '/v1/models/:model/labels/:call',
  '/v1/embeddings',
];

/** Paths that a browser shows. */
const pages = ['/', '/docs', '/docs/*', '/console', '/console/*'];

/** Answers every request. */
export function createApp(isolateOf: (env: Env) => Isolate): ReturnType<typeof withDirectCalls> {
  // Hono's default silently falls back to a router several times slower if a path is unsupported; this one throws instead.
  const app = new Hono<AppContext>({ strict: false, router: new RegExpRouter() });

  const framed: MiddlewareHandler<AppContext> = async (c, next) => {
    const trace = openRequest(c, isolateOf(c.env));
    await next();
    await closeRequest(c, trace);
  };
  // One middleware for what only refuses, since each costs promises.
  const servable: MiddlewareHandler<AppContext> = (c, next) => {
    requireServable(c);
    return next();
  };
  const methods = wrongMethod(app);
  app.use(framed);
  app.use(servable);
  for (const path of pages) app.use(path, pageHeaders);
  for (const path of dataPlane) app.use(path, cors);
  // Outside the guards of the mounts, so that refused calls are audited too; the registry's routes do the same.
  app.use('/v2/repository/models/*', audited);
  app.use('/console/*', audited);
  for (const path of ['/v2/*', '/v1/*', '/registry/*']) app.use(path, sessionOfScript);
  app.use(methods);
  app.use('/v1/models/*', postedVerbs);

  app.route('/v2', healthRoutes);
  app.route('/v2', statisticsRoutes);
  app.route('/v2', modelRoutes);
  app.route('/v2/repository', repositoryRoutes);
  app.route('/v2', inferRoutes);
  app.route('/v2', feedbackRoutes);
  app.route('/v2', artifactRoutes);
  app.route('/v2', unsupportedRoutes);
  app.route('/v1', predictRoutes);
  app.route('/v1', embeddingsRoutes);
  app.route('/registry', registryRoutes);
  app.route('/registry', driftRoutes);
  app.route('/registry', sampleRoutes);
  app.route('/registry', objectRoutes);
  app.route(
    '/',
    descriptionRoutes(() => app.routes),
  );
  app.route('/metrics', metricsRoutes);
  app.route(
    '/',
    consoleRoutes(async (request, c) => app.fetch(request, c.env, c.executionCtx)),
  );

  // Reached by what no mount has answered.
  for (const path of modelPaths) app.use(path, needsOnly('infer', 'read'));
  app.use('/registry/*', needsOnly('read'));
  app.notFound((c) => {
    const fault = new PopserveError('NOT_FOUND', `no such path: ${c.req.path}`);
    if (isForPage(c)) return answerFault(fault, c);
    return c.json({ error: redact(fault.message) } satisfies ErrorAnswer, 404);
  });

  app.onError(answerError);
  requireDeclarations(app.routes);
  // What a request must have for the middleware above to do anything with a call that is mounted for POST.
  const passed = new Map<object, string | null>([
    [framed, null],
    [servable, null],
    [cors, originHeader],
    [sessionOfScript, markHeader],
    [methods, null],
    [postedVerbs, null],
  ]);
  return withDirectCalls(app, { isolateOf, onError: answerError, paths: inferencePaths, passed });
}

/** The one place where an error becomes a response. */
function answerError(error: Error, c: Context<AppContext>): Response | Promise<Response> {
  for (const [name, value] of Object.entries(answerHeaders)) c.header(name, value);
  if (error instanceof PopserveError && error.code !== 'INTERNAL') {
    const retry = error.retryAfterSeconds;
    if (error.status >= 500)
      log('refused', { id: requestIdOf(c), ...traceFields(c), path: c.req.path, error: errorText(error) });
    if (retry !== undefined) c.header('retry-after', String(retry));
    if (isForPage(c)) return answerFault(error, c);
    const { contract } = error;
    const body = { error: redact(error.message), ...(contract === undefined ? {} : { contract }) };
    return c.json(errorAnswer(c.req.path, error.status, body), error.status as ContentfulStatusCode);
  }
  const id = requestIdOf(c);
  log('internal-error', { id, ...traceFields(c), path: routePath(c), error: error.message, stack: error.stack });
  const message = `internal error; the operator finds it in the logs as ${id}`;
  return c.json(errorAnswer(c.req.path, 500, { error: message }), 500);
}
