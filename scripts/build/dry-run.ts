// Bundles the Worker for every environment as a deployment would, without deploying, and holds its size against the platform's
// limits. No two environments may share storage.
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { mebibyte, mebibytes } from '../../registry/mebibytes.ts';
import { wrangler } from './bundle.ts';
import { environments, readDeployments, sharedStorage } from './environments.ts';

/** @see https://developers.cloudflare.com/workers/platform/limits/; accounts with the older limits have 10 MiB compressed */
const mostBytes = 64 * mebibyte;
const mostGzipBytes = 10 * mebibyte;

const shared = sharedStorage(await readDeployments());
if (shared.length > 0) throw new Error(shared.join('\n'));

for (const environment of environments) {
  const directory = await mkdtemp(join(tmpdir(), 'popserve-deploy-'));
  try {
    await wrangler(['deploy', '--dry-run', '--env', environment, '--outdir', directory]);
    let bytes = 0;
    let gzipBytes = 0;
    for (const file of await readdir(directory)) {
      if (!/\.(js|mjs|wasm)$/.test(file)) continue;
      const path = join(directory, file);
      bytes += (await stat(path)).size;
      gzipBytes += gzipSync(await readFile(path)).length;
    }
    const name = environment || 'default';
    console.log(`${name}: ${mebibytes(bytes, 2)} of 64 MiB, ${mebibytes(gzipBytes, 2)} compressed of 10 MiB`);
    if (bytes === 0) throw new Error(`${name}: nothing was built`);
    if (bytes > mostBytes || gzipBytes > mostGzipBytes) throw new Error(`${name}: over the platform's limit`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
