// Inference without the layers of the app, each of which costs promises: a request that no middleware has anything to say about goes
// straight to the guard and the handler of its mount. What is checked, and how, is not decided here: the functions are the app's own.
import { type ErrorHandler, type Handler, Hono } from 'hono';
import type { Result, Router } from 'hono/router';
import type { RouterRoute } from 'hono/types';
import { BoundedMap } from '../../registry/bounded-map.ts';
import type { AppContext } from '../http/app-context.ts';
import type { Isolate } from '../isolate.ts';
import { type Mount, mountOf, type Passed } from './direct-mount.ts';
import { closeRequest, openRequest, requireServable } from './frame.ts';

type Mounted = [Handler<AppContext>, RouterRoute];

/** So many paths are remembered with what they lead to. */
const mostPaths = 256;
const longestPath = 256;

interface DirectOptions {
  readonly isolateOf: (env: Env) => Isolate;
  readonly onError: ErrorHandler<AppContext>;
  /** Paths of calls by POST, as the app has them. */
  readonly paths: readonly string[];
  /** The middleware of these paths. */
  readonly passed: Passed;
}

type Fetch = (request: Request, env: Env, scope: ExecutionContext) => Response | Promise<Response>;

/**
 * @returns answers the requests of the app: those for the paths directly, all others, and all out of the ordinary, through the app
 * @throws as {@link mountOf}
 */
export function withDirectCalls(app: Hono<AppContext>, options: DirectOptions): Fetch {
  const router = new PlainPaths();
  const direct = new Hono<AppContext>({ router });
  direct.onError(options.onError);
  for (const path of options.paths) direct.post(path, directly(mountOf(app, path, options.passed), options));
  router.mountRest((c) => app.fetch(c.req.raw, c.env, c.executionCtx));
  const headers = [...options.passed.values()].filter((name) => name !== null);
  const isPlain = (request: Request) => request.method === 'POST' && !headers.some((name) => request.headers.has(name));
  return (request, env, scope) =>
    isPlain(request) ? direct.fetch(request, env, scope) : app.fetch(request, env, scope);
}

function directly({ guard, handler }: Mount<AppContext>, { isolateOf, onError }: DirectOptions): Handler<AppContext> {
  return async (c) => {
    const trace = openRequest(c, isolateOf(c.env));
    try {
      requireServable(c);
      const refusal = await guard(c, async () => {
        c.res = await handler(c, noNext);
      });
      if (refusal) c.res = refusal;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      c.res = await onError(error, c);
    }
    const closing = closeRequest(c, trace);
    if (closing !== undefined) await closing;
    return c.res;
  };
}

async function noNext(): Promise<void> {}

/** Knows paths of plain characters alone: the app reads escapes, slashes at the end, and all that is not mounted here. */
class PlainPaths implements Router<Mounted> {
  readonly name = 'PlainPaths';
  readonly #mounts: { readonly pattern: RegExp; readonly mounted: Mounted }[] = [];
  readonly #known = new BoundedMap<string, Result<Mounted>>(mostPaths);
  #rest: Result<Mounted> = [[]];

  add(_method: string, path: string, mounted: Mounted): void {
    const pattern = path.replaceAll('.', '\\.').replaceAll(/:(\w+)/g, '(?<$1>[\\w.:-]+)');
    this.#mounts.push({ pattern: new RegExp(`^${pattern}$`), mounted });
  }

  /** @param handler of every other path */
  mountRest(handler: Handler<AppContext>): void {
    const route: RouterRoute = { basePath: '/', path: '*', method: 'POST', handler };
    this.#rest = [[[[handler, route], {}]]];
  }

  match(_method: string, path: string): Result<Mounted> {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    for (const { pattern, mounted } of this.#mounts) {
      const groups = pattern.exec(path)?.groups;
      if (groups === undefined) continue;
      const result: Result<Mounted> = [[[mounted, { ...groups }]]];
      if (path.length <= longestPath) this.#known.set(path, result);
      return result;
    }
    return this.#rest;
  }
}
