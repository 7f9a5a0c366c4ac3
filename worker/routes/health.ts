// OIP health and server metadata.
// https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
import { Hono } from 'hono';
import type { ServerLive, ServerMetadata, ServerReady } from '../../registry/api/server.ts';
import type { AppContext } from '../http/app-context.ts';
import { open } from '../middleware/needs.ts';
import { requireReady } from '../models/readiness.ts';
import { serverName, serverVersion } from '../server-identity.ts';

/** The extensions that work here. */
const extensions = ['binary_tensor_data', 'classification', 'model_repository', 'model_configuration', 'statistics'];

export const healthRoutes = new Hono<AppContext>()
  .get('/', open, (c) => c.json({ name: serverName, version: serverVersion, extensions } satisfies ServerMetadata))
  .get('/health/live', open, (c) => c.json({ live: true } satisfies ServerLive))
  .get('/health/ready', open, async (c) => {
    await requireReady(c.var.isolate);
    return c.json({ live: true, ready: true } satisfies ServerReady);
  });
