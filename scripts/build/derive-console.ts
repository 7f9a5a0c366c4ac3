// Styles and scripts of the console as the Worker imports them: bundled, minified, modules of text.
import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { projectRoot } from './project.ts';

const source = join(projectRoot, 'worker', 'console');
/** git ignores the folder. */
const target = join(source, 'derived');

/** @throws {Error} if a script or the styles do not build */
export async function deriveConsole(): Promise<void> {
  const { outputFiles } = await build({
    absWorkingDir: projectRoot,
    entryPoints: { console: join(source, 'islands', 'console.ts'), style: join(source, 'style.css') },
    bundle: true,
    minify: true,
    write: false,
    outdir: target,
    format: 'esm',
    target: ['es2022', 'chrome123', 'firefox120', 'safari17.5'],
    legalComments: 'none',
    logLevel: 'warning',
  });
  await mkdir(target, { recursive: true });
  for (const { path, text } of outputFiles) await write(`${path}.txt`, text);
}

/** In one step: others may be bundling meanwhile, in this process too. */
async function write(file: string, text: string): Promise<void> {
  const fresh = `${file}-${randomUUID()}`;
  await writeFile(fresh, text);
  await rename(fresh, file);
}
