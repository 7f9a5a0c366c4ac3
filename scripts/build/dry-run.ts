// Bundles both Workers for every environment as a deployment would, without deploying, and holds their sizes against the platform's
// limits. No two environments may share storage, and both Workers of one environment have the same models.
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mebibyte, mebibytes } from '../../registry/mebibytes.ts';
import { wrangler } from './bundle.ts';
import {
  type Deployment,
  environments,
  otherModels,
  readDeployments,
  sharedStorage,
  wranglerFiles,
} from './environments.ts';

/** Uncompressed, on every plan. @see https://developers.cloudflare.com/workers/platform/limits/ */
const mostBytes = 64 * mebibyte;

const deployments = new Map<string, Deployment[]>();
for (const file of wranglerFiles) deployments.set(file, await readDeployments(file));
const [serving = [], litert = []] = deployments.values();
const faults = [...deployments].flatMap(([file, own]) => sharedStorage(file, own)).concat(otherModels(serving, litert));
if (faults.length > 0) throw new Error(faults.join('\n'));

for (const file of wranglerFiles) for (const environment of environments) await dryRun(file, environment);

async function dryRun(file: string, environment: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'popserve-deploy-'));
  try {
    await wrangler(['deploy', '--config', file, '--dry-run', '--env', environment, '--outdir', directory]);
    let bytes = 0;
    for (const built of await readdir(directory)) {
      if (!/\.(js|mjs|wasm)$/.test(built)) continue;
      bytes += (await stat(join(directory, built))).size;
    }
    const name = `${file}, ${environment || 'default'}`;
    console.log(`${name}: ${mebibytes(bytes, 2)} of ${mebibytes(mostBytes, 0)}`);
    if (bytes === 0) throw new Error(`${name}: nothing was built`);
    if (bytes > mostBytes) throw new Error(`${name}: over the platform's limit`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
