// Bundles the Worker for every environment as a deployment would, without deploying, and holds its size against the platform's
// limits. No two environments may share storage.
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mebibyte, mebibytes } from '../../registry/mebibytes.ts';
import { wrangler } from './bundle.ts';
import { environments, readDeployments, sharedStorage } from './environments.ts';

/** Uncompressed, on every plan. @see https://developers.cloudflare.com/workers/platform/limits/ */
const mostBytes = 64 * mebibyte;

const shared = sharedStorage(await readDeployments());
if (shared.length > 0) throw new Error(shared.join('\n'));

for (const environment of environments) {
  const directory = await mkdtemp(join(tmpdir(), 'popserve-deploy-'));
  try {
    await wrangler(['deploy', '--dry-run', '--env', environment, '--outdir', directory]);
    let bytes = 0;
    for (const file of await readdir(directory)) {
      if (!/\.(js|mjs|wasm)$/.test(file)) continue;
      bytes += (await stat(join(directory, file))).size;
    }
    const name = environment || 'default';
    console.log(`${name}: ${mebibytes(bytes, 2)} of ${mebibytes(mostBytes, 0)}`);
    if (bytes === 0) throw new Error(`${name}: nothing was built`);
    if (bytes > mostBytes) throw new Error(`${name}: over the platform's limit`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
