// Builds what the npm package holds beside files that are taken as they are: the Worker, the command and the client as JavaScript
// with types, because Node strips none under node_modules. Dependencies are bundled, so that the package installs none.
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { buildClient } from '../client.ts';
import { deriveCodecs } from '../derive-codecs.ts';
import { deriveConsole } from '../derive-console.ts';
import { deriveRuntime } from '../derive-runtime.ts';
import { commandFolder, dependencyFile, projectRoot } from '../project.ts';

/** Modules that wrangler compiles when the Worker is deployed: the runtime and the decoders of pictures. */
const compiledFiles = [
  'runtime/ort/ort-wasm-simd-threaded.wasm',
  'pipeline/codecs/mozjpeg_dec.wasm',
  'pipeline/codecs/webp_dec.wasm',
];
const workerFolder = join(projectRoot, 'dist', 'worker');

/** Files that the command reads from its dependencies; notices/ lists what is compiled into them. */
export const dependencyFiles = ['@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm', '@jsquash/webp/codec/dec/webp_dec.wasm'];

const common = {
  absWorkingDir: projectRoot,
  bundle: true,
  format: 'esm',
  metafile: true,
  legalComments: 'none',
  logLevel: 'warning',
} satisfies BuildOptions;

/** Derived from the operator's own installation: see derive-litert-command.ts, and bundle.ts for the inspection Worker. */
const litertModules = /litert_wasm_internal\.(mjs|wasm)$/;

/** @param folder of the compiled files, relative to the module that imports them */
function compiledIn(folder: string): Plugin {
  return {
    name: 'compiled',
    setup({ onResolve }) {
      onResolve({ filter: litertModules }, ({ path: imported }) => ({
        path: `./${basename(imported)}`,
        external: true,
      }));
      onResolve({ filter: /\.wasm$/ }, ({ path: imported }) => {
        const file = basename(imported);
        if (!compiledFiles.some((known) => basename(known) === file)) throw new Error(`unexpected WASM: ${imported}`);
        return { path: `${folder}/${file}`, external: true };
      });
    },
  };
}

/** As wrangler resolves packages for a Worker; pages become strings, so that a project needs no rule for them. */
function workerBuild(entry: string, outfile: string, compiled: string): BuildOptions {
  return {
    ...common,
    entryPoints: [entry],
    outfile,
    target: 'es2024',
    // A third of the text is indentation and comments; names stay, for stack traces.
    minifyWhitespace: true,
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*'],
    loader: { '.html': 'text', '.txt': 'text' },
    plugins: [compiledIn(compiled)],
  };
}

const nodeBuild = {
  ...common,
  platform: 'node',
  target: 'node22',
  // Types alone are imported from them: operator-tools.ts finds them when they are used.
  external: ['wrangler', 'miniflare', 'onnxruntime-node'],
  // Some dependencies are CommonJS.
  banner: {
    js: "import { createRequire as popserveRequire } from 'node:module';\nconst require = popserveRequire(import.meta.url);",
  },
} satisfies BuildOptions;

/** The command, with the processes that run and convert models natively. */
export const commandBuilds = [
  {
    ...nodeBuild,
    entryPoints: ['scripts/cli/main.ts'],
    outdir: commandFolder,
    splitting: true,
    inject: ['scripts/build/package/half-floats.ts'],
  },
  // Alone, without half floats: onnxruntime-node wants their bits.
  { ...nodeBuild, entryPoints: ['scripts/inspect/native-child.ts'], outdir: commandFolder },
  { ...nodeBuild, entryPoints: ['scripts/convert-litert/convert-child.ts'], outdir: commandFolder },
  { ...nodeBuild, entryPoints: ['scripts/build/derive-litert-command.ts'], outdir: commandFolder },
] satisfies BuildOptions[];

const workerBuilds = [
  workerBuild('worker/index.ts', join(workerFolder, 'index.js'), '.'),
  workerBuild('worker/litert/index.ts', join(workerFolder, 'litert.js'), '.'),
  ...['inspection-worker', 'engines-inspection-worker'].map((name) =>
    workerBuild(`scripts/inspect/worker/${name}.ts`, join(commandFolder, `${name}.js`), '../worker'),
  ),
];

/** Writes dist/ and client/dist/. */
export async function buildPackage(): Promise<void> {
  await deriveRuntime();
  await deriveCodecs();
  await deriveConsole();
  for (const folder of [workerFolder, commandFolder]) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  }
  await Promise.all([...workerBuilds, ...commandBuilds].map((options) => build(options)));
  await buildClient({ declarations: true });
  for (const file of compiledFiles)
    await copyFile(join(projectRoot, 'worker', file), join(workerFolder, basename(file)));
  await copyFile(join(projectRoot, 'worker', 'package.d.ts'), join(workerFolder, 'index.d.ts'));
  await copyFile(join(projectRoot, 'worker', 'litert', 'package.d.ts'), join(workerFolder, 'litert.d.ts'));
  for (const file of dependencyFiles) await copyFile(dependencyFile(file), join(commandFolder, basename(file)));
}
