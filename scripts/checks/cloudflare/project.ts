// A project to deploy: this repository's wrangler file in a folder of its own, so that a deployment may write into it.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../build/project.ts';

export interface ScratchProject extends AsyncDisposable {
  readonly folder: string;
  readonly config: string;
}

export async function scratchProject(): Promise<ScratchProject> {
  const folder = await mkdtemp(join(tmpdir(), 'popserve-project-'));
  const config = join(folder, 'wrangler.toml');
  const text = await readFile(join(projectRoot, 'wrangler.toml'), 'utf8');
  const moved = text
    // The Worker that it binds is another deployment; a test that is about it describes it.
    .replace(/^\[\[(env\.\w+\.)?services\]\]\n(.+\n)+/gm, '')
    .replace(/^main = .*$/m, `main = ${JSON.stringify(join(projectRoot, 'worker', 'index.ts'))}`)
    .replace(/^\[build\]$/m, `[build]\ncwd = ${JSON.stringify(projectRoot)}`);
  await writeFile(config, moved);
  return { folder, config, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
