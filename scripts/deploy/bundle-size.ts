// Builds the Worker as a deployment would and measures what would be uploaded, before anything is made.
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mebibyte } from '../../registry/mebibytes.ts';
import { requireOk, type Wrangler } from './wrangler.ts';

export interface BundleSize {
  readonly bytes: number;
  readonly mostBytes: number;
}

/** @see https://developers.cloudflare.com/workers/platform/limits/#worker-size */
const mostBytes = 64 * mebibyte;

/** @throws {PopserveError} UNAVAILABLE with wrangler's words if the Worker does not build */
export async function measureBundle(wrangler: Wrangler): Promise<BundleSize> {
  const directory = await mkdtemp(join(tmpdir(), 'popserve-deploy-'));
  try {
    requireOk(await wrangler.run(['deploy', '--dry-run', '--outdir', directory]), 'the Worker does not build');
    let bytes = 0;
    for (const file of await readdir(directory)) {
      // The source map is not part of the Worker, and the README is wrangler's own.
      if (/\.(map|md)$/.test(file)) continue;
      bytes += (await stat(join(directory, file))).size;
    }
    return { bytes, mostBytes };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
