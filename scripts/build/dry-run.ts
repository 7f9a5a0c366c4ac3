// Bundles the Worker for every environment as a deployment would, without deploying, and holds its size against the platform's limits.
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { wrangler } from './bundle.ts';

/** PLATFORM: 64 MiB uncompressed; accounts with the older limits have 10 MiB compressed. */
const mostBytes = 64 * 1_048_576;
const mostGzipBytes = 10 * 1_048_576;

for (const environment of ['', 'staging', 'production']) {
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
    console.log(`${name}: ${mebibytes(bytes)} of 64 MiB, ${mebibytes(gzipBytes)} compressed of 10 MiB`);
    if (bytes === 0) throw new Error(`${name}: nothing was built`);
    if (bytes > mostBytes || gzipBytes > mostGzipBytes) throw new Error(`${name}: over the platform's limit`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(2)} MiB`;
}
