// Entry in front of the serving Worker that counts what it asks of R2, KV, Durable Objects and rate limiters. A request with the
// header `counted` is answered with the names of the operations since the last one, once all that was left behind answers has ended.
// The header `storage: away` has R2 and KV fail meanwhile. The header `isolate` says which copy of the Worker answers: each is a module of its own, and so as cold as a new isolate.
export * from './index.js';

const workerOf = async (name) => (await import(`./isolate-${name}.js`)).default;

const operations = [];
const behind = [];
let counting;
/** Storage answers with errors as R2 and KV word them. */
let isAway = false;

const storage = {
  MODELS: ['r2', ['head', 'get', 'put', 'delete', 'list']],
  ROUTES: ['kv', ['get', 'getWithMetadata', 'put', 'delete', 'list']],
  KEY_LIMIT: ['limit key', ['limit']],
  ADDRESS_LIMIT: ['limit address', ['limit']],
};

function counted(binding, kind, names) {
  return new Proxy(binding, {
    get(target, name) {
      const value = target[name];
      if (typeof value !== 'function') return value;
      return (...what) => {
        if (names.includes(name)) operations.push(kind.startsWith('limit') ? kind : `${kind} ${name}`);
        if (isAway && !kind.startsWith('limit')) {
          const key = typeof what[0] === 'string' ? what[0] : what[0]?.prefix;
          return Promise.reject(new Error(`${name}: We encountered an internal error. ${key} (10001)`));
        }
        return target[name](...what);
      };
    },
  });
}

/** A stub has every method that is asked of it, so each call counts. */
function countedObjects(namespace) {
  return {
    getByName(model) {
      const stub = namespace.getByName(model);
      return new Proxy(stub, {
        get:
          (target, method) =>
          (...what) => {
            operations.push(`do ${method}`);
            return target[method](...what);
          },
      });
    },
  };
}

function countedEnv(env) {
  counting ??= {
    ...env,
    ...Object.fromEntries(
      Object.entries(storage)
        .filter(([name]) => env[name] !== undefined)
        .map(([name, [kind, names]]) => [name, counted(env[name], kind, names)]),
    ),
    TELEMETRY: countedObjects(env.TELEMETRY),
  };
  return counting;
}

function heard(ctx) {
  return {
    waitUntil(promise) {
      behind.push(promise);
      ctx.waitUntil(promise);
    },
    passThroughOnException: () => ctx.passThroughOnException(),
  };
}

export default {
  async fetch(request, env, ctx) {
    isAway = request.headers.get('storage') === 'away';
    if (request.headers.get('counted') === null) {
      const worker = await workerOf(request.headers.get('isolate') ?? '0');
      return worker.fetch(request, countedEnv(env), heard(ctx));
    }
    while (behind.length > 0) await Promise.allSettled(behind.splice(0));
    return Response.json(operations.splice(0));
  },
  async scheduled(event, env, ctx) {
    const worker = await workerOf('0');
    await worker.scheduled(event, countedEnv(env), heard(ctx));
  },
};
