// OIP health and server metadata (PROTOCOL.md 2.2, 2.3).
import { Hono } from 'hono';
import type { ServerLive, ServerMetadata, ServerReady } from '../../registry/api/server.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { AppContext } from '../http/app-context.ts';
import type { Isolate } from '../isolate.ts';
import { serverName, serverVersion } from '../server-identity.ts';

/** Only what works. */
const extensions = ['binary_tensor_data', 'classification', 'model_repository', 'model_configuration', 'statistics'];

export const healthRoutes = new Hono<AppContext>()
  .get('/', (c) => c.json({ name: serverName, version: serverVersion, extensions } satisfies ServerMetadata))
  .get('/health/live', (c) => c.json({ live: true } satisfies ServerLive))
  .get('/health/ready', async (c) => {
    await requireReady(c.var.isolate);
    return c.json({ live: true, ready: true } satisfies ServerReady);
  });

/** Health checks are open to everybody and come often: what was found holds this long, so that they cost storage little. */
const readyForMs = 5_000;
const readySince = new WeakMap<Isolate, number>();

/** Ready: the runtime runs and the registry answers. */
async function requireReady(isolate: Isolate): Promise<void> {
  if (isolate.heap.live && Date.now() - (readySince.get(isolate) ?? 0) < readyForMs) return;
  try {
    await Promise.all([isolate.heap.current(), isolate.registry.listModels({ limit: 1 })]);
    readySince.set(isolate, Date.now());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PopserveError('UNAVAILABLE', `not ready: ${reason}`, { retryAfterSeconds: 5, cause: error });
  }
}
