// OIP health and server metadata (PROTOCOL.md 2.2, 2.3).
import { Hono } from 'hono';
import type { AppContext } from '../isolate.ts';
import { serverName, serverVersion } from '../server.ts';

/** Only what works. */
const extensions = ['binary_tensor_data', 'classification', 'model_repository(index)'];

export const healthRoutes = new Hono<AppContext>()
  .get('/', (c) => c.json({ name: serverName, version: serverVersion, extensions }))
  .get('/health/live', (c) => c.json({ live: true }))
  .get('/health/ready', async (c) => {
    // Ready: the runtime runs and the registry answers.
    const { models, registry } = c.var.isolate;
    await Promise.all([models.heap.current(), registry.listModels({ limit: 1 })]);
    return c.json({ live: true, ready: true });
  });
