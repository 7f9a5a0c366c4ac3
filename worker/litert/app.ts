// The calls of the engine Worker: run, warm, state. A run's tensors come and go as raw frames (protocol/raw-frame.ts).
import { PopserveError } from '../../registry/errors.ts';
import { bodyHeadOf, readBody } from '../http/read-body.ts';
import { errorText } from '../logging/error-text.ts';
import { log } from '../logging/log.ts';
import type { RequestScope } from '../request-scope.ts';
import { freeBytes } from '../runtime/free-bytes.ts';
import type { Engine } from './engine.ts';
import { runFrame } from './run-frame.ts';
import { stateOf } from './state.ts';

const versionPath = /^\/models\/([^/]+)\/versions\/([^/]+)\/(run|warm)$/;

/** @param engineOf throws a PopserveError for wrong settings */
export async function answer(request: Request, engineOf: () => Engine, scope: RequestScope): Promise<Response> {
  try {
    return await dispatch(request, engineOf(), scope);
  } catch (error) {
    return refusal(error);
  }
}

async function dispatch(request: Request, engine: Engine, scope: RequestScope): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === '/state') {
    if (request.method !== 'GET') throw wrongMethod(request, 'GET');
    return Response.json(stateOf(engine));
  }
  const [, model, version, call] = versionPath.exec(pathname) ?? [];
  if (model === undefined || version === undefined) {
    throw new PopserveError('NOT_FOUND', `there is no ${pathname} here`);
  }
  if (request.method !== 'POST') throw wrongMethod(request, 'POST');
  if (call === 'run') return await run(request, engine, { model, version }, scope);
  await engine.models.warm(await engine.manifests.get(model, version), scope);
  return Response.json({ model, version, state: 'READY' });
}

async function run(
  request: Request,
  engine: Engine,
  { model, version }: { readonly model: string; readonly version: string },
  scope: RequestScope,
): Promise<Response> {
  const { maxBodyBytes, maxBodySeconds } = engine.config;
  const limits = { maxBodyBytes, maxInflatedBytes: maxBodyBytes, maxSeconds: maxBodySeconds };
  const account = engine.ledger.open(null);
  try {
    const manifest = await engine.manifests.get(model, version);
    const body = await readBody(request, limits, account, bodyHeadOf(request));
    const frame = await runFrame(engine.models, manifest, body, account, scope);
    freeBytes(body);
    account.give('bodies');
    const { readable, writable } = new FixedLengthStream(frame.length);
    const writer = writable.getWriter();
    // Whoever asked may go away; that is not reported here.
    const sent = writer
      .write(frame)
      .then(() => writer.close())
      .catch(() => undefined);
    scope.waitUntil(
      sent.finally(() => {
        freeBytes(frame);
        account.close();
      }),
    );
    return new Response(readable, { headers: { 'content-type': 'application/octet-stream' } });
  } catch (error) {
    account.close();
    throw error;
  }
}

function wrongMethod({ method, url }: Request, expected: string): PopserveError {
  return new PopserveError('METHOD_NOT_ALLOWED', `${new URL(url).pathname}: expected ${expected}, got ${method}`);
}

function refusal(error: unknown): Response {
  if (error instanceof PopserveError) {
    const { message, code, status, retryAfterSeconds } = error;
    const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
    if (status >= 500) log('litert-refused', { code, error: message });
    return Response.json({ error: message, code }, { status, headers });
  }
  log('unexpected-error', { error: errorText(error) });
  return Response.json({ error: 'an unexpected fault, which the log names', code: 'INTERNAL' }, { status: 500 });
}
