// Bundles the Workers once before the tests, which then find them in the cache.
import { bundleWorker } from '../../scripts/build/bundle.ts';

export default async function setup(): Promise<void> {
  await bundleWorker('index');
  await bundleWorker('litert');
  await bundleWorker('inspection-worker');
  await bundleWorker('engines-inspection-worker');
}
