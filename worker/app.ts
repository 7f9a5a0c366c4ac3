// The Hono app: middleware in its order and every mount, on one screen.
import { Hono } from 'hono';
import { routePath } from 'hono/route';
import { RegExpRouter } from 'hono/router/reg-exp-router';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { ErrorAnswer } from '../registry/api/error.ts';
import { PopserveError } from '../registry/errors.ts';
import { answerHeaders, isJson, keepPlain } from './http/answer-headers.ts';
import type { AppContext } from './http/app-context.ts';
import { drain } from './http/drain.ts';
import { errorAnswer } from './http/error-answer.ts';
import { learnPop, popOf } from './http/pop.ts';
import { requestIdOf } from './http/request-id.ts';
import { beginTrace, endTrace, traceFields } from './http/trace.ts';
import { chargeWork } from './http/work.ts';
import type { Isolate } from './isolate.ts';
import { errorText } from './logging/error-text.ts';
import { log } from './logging/log.ts';
import { redact } from './logging/redact.ts';
import { requireAllowedHost } from './middleware/allowed-hosts.ts';
import { audited } from './middleware/audit.ts';
import { cors } from './middleware/cors.ts';
import { requireDeclarations } from './middleware/declarations.ts';
import { needsOnly } from './middleware/needs.ts';
import { pageHeaders } from './middleware/page-headers.ts';
import { limitSize } from './middleware/request-size.ts';
import { refuseReserved } from './middleware/reserved-path.ts';
import { sessionOfScript } from './middleware/session.ts';
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

/** Paths that a browser shows. */
const pages = ['/', '/docs', '/docs/*', '/console', '/console/*'];

export function createApp(isolateOf: (env: Env) => Isolate): Hono<AppContext> {
  // Hono's default silently falls back to a router several times slower if a path is unsupported; this one throws instead.
  const app = new Hono<AppContext>({ strict: false, router: new RegExpRouter() });

  app.use(async (c, next) => {
    const isolate = isolateOf(c.env);
    if (isolate.pop === null) learnPop(isolate, c.req.raw);
    c.set('isolate', isolate);
    const trace = beginTrace(c);
    await next();
    chargeWork(c);
    if (trace !== null) endTrace(c, trace);
    // A body that no handler wanted, of whatever method.
    const { raw } = c.req;
    if (!raw.bodyUsed && raw.body !== null) await drain(raw.body);
    // Inference sets it itself: adding a header to a finished response costs as much as making it.
    if (!c.res.headers.has('popserve-pop')) {
      c.header('popserve-pop', popOf(isolate));
      for (const [name, value] of Object.entries(answerHeaders)) c.header(name, value);
      if (isJson(c.res)) keepPlain(c);
    }
  });

  // One middleware for what only refuses, since each costs promises.
  app.use((c, next) => {
    requireAllowedHost(c);
    const isolate = c.get('isolate');
    isolate.origin ??= new URL(c.req.url).origin;
    refuseReserved(c);
    limitSize(c);
    return next();
  });
  for (const path of pages) app.use(path, pageHeaders);
  for (const path of dataPlane) app.use(path, cors);
  // Outside the guards of the mounts, so that refused calls are audited too; the registry's routes do the same.
  app.use('/v2/repository/models/*', audited);
  app.use('/console/*', audited);
  for (const path of ['/v2/*', '/v1/*', '/registry/*']) app.use(path, sessionOfScript);
  app.use(wrongMethod(app));
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

  // The one place where an error becomes a response.
  app.onError((error, c) => {
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
  });

  requireDeclarations(app.routes);
  return app;
}
