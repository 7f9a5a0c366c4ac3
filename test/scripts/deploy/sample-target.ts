// A deployment as wrangler's file would describe it, with nothing made yet.
import type { Target } from '../../../scripts/deploy/target.ts';

export function target(changes: Partial<Target> = {}): Target {
  return {
    config: '/project/wrangler.toml',
    folder: '/project',
    environment: 'production',
    environments: ['staging', 'production'],
    worker: 'pop-production',
    buckets: [{ binding: 'MODELS', name: 'models', jurisdiction: undefined }],
    namespaces: [{ binding: 'ROUTES', id: null, title: 'pop-production-routes' }],
    vars: { INFERENCE_ACCESS: 'keyed' },
    rateLimits: ['KEY_LIMIT', 'ADDRESS_LIMIT'],
    crons: ['*/5 * * * *'],
    cpuMs: undefined,
    workersDev: true,
    domain: undefined,
    litert: { bound: null, described: null },
    ...changes,
  };
}
