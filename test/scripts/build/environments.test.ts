// The deployments that wrangler.toml describes: closed as they come, and with storage of their own.
import { expect, it } from 'vitest';
import { readDeployments, sharedStorage } from '../../../scripts/build/environments.ts';
import { parseConfig } from '../../../worker/config.ts';

const deployments = await readDeployments();

it.each(deployments)('"$environment" is keyed, hands out no weights and limits callers', ({ config }) => {
  const settings = parseConfig(config.vars);
  expect(settings).toMatchObject({ access: 'keyed', artifactDownloads: new Set(), adminToken: null });
  expect(config.ratelimits.map(({ name }) => name)).toEqual(['KEY_LIMIT', 'ADDRESS_LIMIT']);
});

it('share no Worker, bucket, namespace or limit', () => {
  expect(deployments.map(({ environment }) => environment)).toEqual(['', 'staging', 'production']);
  expect(sharedStorage(deployments)).toEqual([]);
});

it('names what two of them share', () => {
  const [top, staging, production] = deployments;
  if (top === undefined || staging === undefined || production === undefined) throw new Error('expected three');
  const kv_namespaces = [{ binding: 'ROUTES', id: '0123' }];
  const shared = sharedStorage([
    { environment: '', config: { ...top.config, r2_buckets: production.config.r2_buckets, kv_namespaces } },
    { environment: 'staging', config: { ...staging.config, kv_namespaces } },
    production,
  ]);
  expect(shared).toEqual([
    "wrangler.toml: staging and the top level both have the KV namespace '0123'; give each its own",
    "wrangler.toml: production and the top level both have the bucket 'popserve-models'; give each its own",
  ]);
});
