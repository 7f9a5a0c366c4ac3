// Builds the client as a browser takes it: one ES module, and the declarations of its types.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { projectRoot } from './project.ts';

const run = promisify(execFile);

export const clientFolder = join(projectRoot, 'client', 'dist');

/**
 * Bundles `client/` into `client/dist/index.js`.
 * @param declarations write the `.d.ts` files as well
 * @throws Error that names the fault
 */
export async function buildClient({ declarations }: { declarations: boolean }): Promise<void> {
  await mkdir(clientFolder, { recursive: true });
  // Beside the place, then moved there: whoever imports the client meanwhile gets a whole one.
  const fresh = await mkdtemp(join(clientFolder, '.fresh-'));
  try {
    await build({
      absWorkingDir: projectRoot,
      entryPoints: ['client/index.ts'],
      outfile: join(fresh, 'index.js'),
      bundle: true,
      format: 'esm',
      // The oldest with what the client uses of the platform: AbortSignal.any (2024).
      target: 'es2022',
      minify: true,
      sourcemap: true,
      legalComments: 'none',
    });
    for (const file of ['index.js.map', 'index.js']) await rename(join(fresh, file), join(clientFolder, file));
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  if (!declarations) return;
  const tsc = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
  const emit = ['--noEmit', 'false', '--emitDeclarationOnly', '--declaration', '--outDir', clientFolder];
  await run(process.execPath, [tsc, '-p', 'client/tsconfig.json', ...emit], { cwd: projectRoot });
}
