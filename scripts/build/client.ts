// Builds the client as browsers take it: ES modules that need no bundler, and the declarations of their types.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { deriveCodecs } from './derive-codecs.ts';
import { projectRoot } from './project.ts';
import { copyReached } from './reached-declarations.ts';

const run = promisify(execFile);

export const clientFolder = join(projectRoot, 'client', 'dist');

/** Each module by its source. The entries come first; the others are imported when they are needed. */
export const clientModules = {
  'client/index.ts': 'index.js',
  'client/feedback/index.ts': 'feedback.js',
  'client/media/index.ts': 'media.js',
  'client/media/steps.ts': 'media-steps.js',
  'client/media/text-steps.ts': 'media-text-steps.js',
  'client/media/codecs.ts': 'media-codecs.js',
} as const;

/** Sources whose exports the first module has: another copy of a class would be another class. */
const sharedSources = ['client/client.ts', 'client/errors.ts'];

/** Modules that run a version in the page hold the PoP's code and zod: maps of them would weigh more than all of the client. */
const withoutMap: ReadonlySet<string> = new Set(['media-steps.js', 'media-text-steps.js', 'media-codecs.js']);

const compiledFiles = ['mozjpeg_dec.wasm', 'webp_dec.wasm'];

const moduleBySource: ReadonlyMap<string, string> = new Map([
  ...Object.entries(clientModules),
  ...sharedSources.map((source) => [source, clientModules['client/index.ts']] as const),
]);

/** An import of what is another module stays an import. */
const betweenModules: Plugin = {
  name: 'between-modules',
  setup({ onResolve }) {
    onResolve({ filter: /^\..*\.ts$/ }, ({ path, resolveDir, kind }) => {
      if (kind === 'entry-point') return null;
      const module = moduleBySource.get(join(resolveDir, path).slice(projectRoot.length + 1));
      return module === undefined ? null : { path: `./${module}`, external: true };
    });
  },
};

function options(source: string, outfile: string): BuildOptions {
  const isEntry = source === 'client/index.ts';
  return {
    absWorkingDir: projectRoot,
    entryPoints: [source],
    outfile,
    bundle: true,
    format: 'esm',
    // The oldest with what the client uses of the platform: AbortSignal.any (2024).
    target: 'es2022',
    minify: true,
    sourcemap: !withoutMap.has(basename(outfile)),
    legalComments: 'none',
    // The first module is all of the client for tensors.
    plugins: isEntry ? [] : [betweenModules],
    // Of all modules this one alone makes half floats.
    inject: source === 'client/media/steps.ts' ? ['scripts/build/half-float-array.ts'] : [],
  };
}

/**
 * Bundles `client/` into `client/dist`.
 * @param declarations write the `.d.ts` files as well
 * @throws Error that names the fault
 */
export async function buildClient({ declarations }: { declarations: boolean }): Promise<void> {
  await deriveCodecs();
  await mkdir(clientFolder, { recursive: true });
  // Beside the place, then moved there: whoever imports the client meanwhile gets whole modules.
  const fresh = await mkdtemp(join(clientFolder, '.fresh-'));
  try {
    const modules = Object.entries(clientModules);
    await Promise.all(modules.map(([source, file]) => build(options(source, join(fresh, file)))));
    const codecs = join(projectRoot, 'worker', 'pipeline', 'codecs');
    for (const file of compiledFiles) await copyFile(join(codecs, file), join(fresh, file));
    for (const file of await readdir(fresh)) await rename(join(fresh, file), join(clientFolder, file));
    // An earlier build may have left some.
    for (const file of withoutMap) await rm(join(clientFolder, `${file}.map`), { force: true });
    if (declarations) await declare(fresh);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function declare(fresh: string): Promise<void> {
  const tsc = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
  const emit = ['--noEmit', 'false', '--emitDeclarationOnly', '--declaration', '--outDir', fresh];
  await run(process.execPath, [tsc, '-p', 'client/tsconfig.json', ...emit], { cwd: projectRoot });
  await copyReached(fresh, clientFolder, [
    'client/index.d.ts',
    'client/feedback/index.d.ts',
    'client/media/index.d.ts',
  ]);
}
