import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // `npm run test:package`, because it takes a minute and the registry.
    exclude: ['**/node_modules/**', 'test/package/**'],
    reporters: ['default', './test/harness/plain-summary.ts'],
    globalSetup: './test/harness/bundle.ts',
    setupFiles: './test/harness/property-seed.ts',
    pool: 'forks',
    // The machine that guards a change has two cores; each file that needs it starts one workerd.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
