// `npm run test:package`: the tarball in other projects. It asks the registry for wrangler and onnxruntime-node and takes a minute,
// so `npm test` leaves it out.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/package/*.test.ts'],
    reporters: ['default', './test/harness/plain-summary.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});
