// The parts of a bundle beside its modules.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { unstable_getMiniflareWorkerOptions } from 'wrangler';
import { bundleWorker } from '../../../scripts/build/bundle.ts';
import { projectRoot } from '../../../scripts/build/project.ts';

it('has the options of wrangler.toml as wrangler reads them now, without importing wrangler', async () => {
  const {
    modulesRules: _,
    serviceBindings = {},
    ...options
  } = unstable_getMiniflareWorkerOptions(join(projectRoot, 'wrangler.toml')).workerOptions;
  const bundle = await bundleWorker('index');
  expect(bundle.options).toEqual(options);
  expect(bundle.services).toEqual(Object.keys(serviceBindings));
  expect(bundle.options.bindings).toHaveProperty('INFERENCE_ACCESS');
});

it('is the same while another process replaces what is derived for the console', async () => {
  const replacing = join(projectRoot, 'worker', 'console', 'derived', 'console.js.txt-of-another-process');
  const { directory } = await bundleWorker('index');
  await writeFile(replacing, 'half a file');
  try {
    expect((await bundleWorker('index')).directory).toBe(directory);
  } finally {
    await rm(replacing);
  }
});
