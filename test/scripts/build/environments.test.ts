// The deployments that wrangler's files describe: closed as they come, and with storage of their own.
import { expect, it } from 'vitest';
import { otherModels, readDeployments, sharedStorage } from '../../../scripts/build/environments.ts';
import { parseConfig } from '../../../worker/config.ts';

const deployments = await readDeployments('wrangler.toml');
const behind = await readDeployments('wrangler.litert.toml');

it.each(deployments)('"$environment" is keyed, hands out no weights and limits callers', ({ config }) => {
  const settings = parseConfig(config.vars);
  expect(settings).toMatchObject({ access: 'keyed', artifactDownloads: new Set(), adminToken: null });
  expect(config.ratelimits.map(({ name }) => name)).toEqual(['KEY_LIMIT', 'ADDRESS_LIMIT']);
});

it('share no Worker, bucket, namespace or limit', () => {
  expect(deployments.map(({ environment }) => environment)).toEqual(['', 'staging', 'production']);
  expect(sharedStorage('wrangler.toml', deployments)).toEqual([]);
  expect(sharedStorage('wrangler.litert.toml', behind)).toEqual([]);
});

it('names what two of them share', () => {
  const [top, staging, production] = deployments;
  if (top === undefined || staging === undefined || production === undefined) throw new Error('expected three');
  const kv_namespaces = [{ binding: 'ROUTES', id: '0123' }];
  const shared = sharedStorage('wrangler.toml', [
    { environment: '', config: { ...top.config, r2_buckets: production.config.r2_buckets, kv_namespaces } },
    { environment: 'staging', config: { ...staging.config, kv_namespaces } },
    production,
  ]);
  expect(shared).toEqual([
    "wrangler.toml: staging and the top level both have the KV namespace '0123'; give each its own",
    "wrangler.toml: production and the top level both have the bucket 'popserve-models'; give each its own",
  ]);
});

it('give LiteRT the models that are served, and no address', () => {
  expect(behind.map(({ config }) => config.name)).toEqual([
    'popserve-litert',
    'popserve-litert-staging',
    'popserve-litert-production',
  ]);
  expect(behind.map(({ config }) => config.workers_dev)).toEqual([false, false, false]);
  expect(otherModels(deployments, behind)).toEqual([]);
  const [top, staging, production] = behind;
  if (top === undefined || staging === undefined || production === undefined) throw new Error('expected three');
  const moved = { ...staging, config: { ...staging.config, r2_buckets: production.config.r2_buckets } };
  expect(otherModels(deployments, [top, moved])).toEqual([
    "wrangler.litert.toml: staging has the bucket 'popserve-models' as MODELS, wrangler.toml 'popserve-models-staging'; both Workers read the same models",
    "wrangler.litert.toml: production has the bucket (none) as MODELS, wrangler.toml 'popserve-models'; both Workers read the same models",
  ]);
});
