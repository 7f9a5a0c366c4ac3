// Bundles a Worker with wrangler, exactly as a deployment would, and keeps the result until its sources change.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { unstable_getMiniflareWorkerOptions } from 'wrangler';
import { mebibyte } from '../../registry/mebibytes.ts';
import { cachedBuild } from './build-cache.ts';
import { deriveRuntime } from './derive-runtime.ts';
import { onProcessEnd } from './process-end.ts';
import { projectRoot } from './project.ts';

const run = promisify(execFile);

/** For Workers that are never deployed. */
export const toolsConfig = 'wrangler.tools.toml';

const entries = {
  /** Serves. */
  index: 'worker/index.ts',
  /** Examines models for `popserve publish`, conformance and benchmarks. */
  'inspection-worker': 'scripts/inspect/inspection-worker.ts',
} as const;

/** wrangler's name for it. */
const metafileName = 'bundle-meta.json';
const optionsName = 'worker-options.json';

/** Bindings, compatibility date and the rest of a wrangler.toml's top level, as miniflare takes them. */
export type WorkerOptions = Omit<
  ReturnType<typeof unstable_getMiniflareWorkerOptions>['workerOptions'],
  'modulesRules'
>;

/** The parts of a bundle beside its modules. */
const kept: ReadonlySet<string> = new Set([metafileName, optionsName]);

export type WorkerEntry = keyof typeof entries;

interface BundledModule {
  readonly type: 'ESModule' | 'CompiledWasm' | 'Text';
  readonly path: string;
  /** Miniflare takes them from here: the file at `path` may go before it is started again. */
  readonly contents: string | Uint8Array<ArrayBuffer>;
}

export interface Bundle {
  /** Folder with the modules. */
  readonly directory: string;
  /** The first is the entry. */
  readonly modules: readonly BundledModule[];
  /**
   * esbuild's account of the files that went into the bundle, as JSON.
   * @see https://esbuild.github.io/api/#metafile
   */
  readonly metafile: string;
  readonly options: WorkerOptions;
}

/**
 * Bundles a Worker with the project's wrangler.toml, or a tool's with wrangler.tools.toml.
 * @throws Error with wrangler's output when it does not build
 */
export async function bundleWorker(entry: WorkerEntry): Promise<Bundle> {
  await deriveRuntime();
  const main = `${entry}.js`;
  const { directory, files } = await cachedBuild({
    cache: join(projectRoot, 'node_modules', '.cache', 'popserve'),
    name: entry,
    digest: await sourcesDigest(),
    build: async (folder) => {
      const config = entry === 'index' ? 'wrangler.toml' : toolsConfig;
      await wrangler(['deploy', entries[entry], '--config', config, '--dry-run', '--outdir', folder, '--metafile']);
      await writeFile(join(folder, optionsName), JSON.stringify(await workerOptions(config)));
    },
    keeps: (file) => file === main || kept.has(file) || file.endsWith('.wasm') || file.endsWith('.html'),
  });
  const text = (file: string) => new TextDecoder().decode(files.get(file));
  const modules = [...files].flatMap(([file, bytes]): BundledModule[] => {
    if (kept.has(file)) return [];
    const path = join(directory, file);
    if (file.endsWith('.wasm')) return [{ type: 'CompiledWasm', path, contents: new Uint8Array(bytes) }];
    return [{ type: file === main ? 'ESModule' : 'Text', path, contents: text(file) }];
  });
  const isMain = ({ type }: BundledModule) => type === 'ESModule';
  return {
    directory,
    modules: [...modules.filter(isMain), ...modules.filter((module) => !isMain(module))],
    metafile: text(metafileName),
    options: JSON.parse(text(optionsName)),
  };
}

/** wrangler takes a second to import, so this is done once per bundle. */
async function workerOptions(config: string): Promise<WorkerOptions> {
  const { unstable_getMiniflareWorkerOptions } = await import('wrangler');
  const { modulesRules: _, ...options } = unstable_getMiniflareWorkerOptions(join(projectRoot, config)).workerOptions;
  return options;
}

/** Runs wrangler without metrics, prompts or colour; returns what it printed. */
export async function wrangler(args: readonly string[]): Promise<string> {
  const running = run(
    process.execPath,
    [join(projectRoot, 'node_modules', 'wrangler', 'bin', 'wrangler.js'), ...args],
    {
      cwd: projectRoot,
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: 'true', NO_COLOR: '1', FORCE_COLOR: '0' },
      maxBuffer: 64 * mebibyte,
    },
  );
  // wrangler.js starts another Node and ends it on SIGTERM; SIGKILL would leave that one running.
  using _ = onProcessEnd(() => running.child.kill('SIGTERM'));
  const { stdout, stderr } = await running;
  return stdout + stderr;
}

/** The same in every checkout of the same sources: checkouts may share their node_modules. */
async function sourcesDigest(): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of ['worker', 'registry', 'scripts/inspect']) {
    const files = await readdir(join(projectRoot, folder), { recursive: true, withFileTypes: true });
    const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
    for (const path of paths.sort()) hash.update(relative(projectRoot, path)).update(await readFile(path));
  }
  // wrangler adds the variables of `.dev.vars` and `.env` files to those of wrangler.toml.
  const local = (await readdir(projectRoot)).filter((file) => /^\.(dev\.vars|env)(\.|$)/.test(file)).sort();
  for (const file of ['wrangler.toml', toolsConfig, 'package-lock.json', import.meta.filename, ...local])
    hash.update(await readFile(resolve(projectRoot, file)));
  return hash.digest('hex').slice(0, 16);
}
