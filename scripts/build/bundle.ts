// Bundles a Worker with wrangler, exactly as a deployment would, and keeps the result until its sources change.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
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

export type WorkerEntry = keyof typeof entries;

export interface Bundle {
  /** Folder with the modules. */
  readonly directory: string;
  readonly modules: readonly { readonly type: 'ESModule' | 'CompiledWasm' | 'Text'; readonly path: string }[];
}

/**
 * Bundles a Worker with the project's wrangler.toml, or the one for tools.
 * @throws Error with wrangler's output when it does not build
 */
export async function bundleWorker(entry: WorkerEntry): Promise<Bundle> {
  const cache = join(projectRoot, 'node_modules', '.cache', 'popserve');
  const directory = join(cache, `${entry}-${await sourcesDigest()}`);
  if (!existsSync(directory)) {
    const fresh = join(cache, `${entry}-${process.pid}-${Date.now()}`);
    await mkdir(cache, { recursive: true });
    const config = entry === 'index' ? 'wrangler.toml' : toolsConfig;
    await wrangler(['deploy', entries[entry], '--config', config, '--dry-run', '--outdir', fresh]);
    for (const old of await readdir(cache)) {
      if (old.startsWith(`${entry}-`) && /^[0-9a-f]{16}$/.test(old.slice(entry.length + 1))) {
        await rm(join(cache, old), { recursive: true, force: true });
      }
    }
    // Of two builds at once the second finds the place taken by the same content.
    await rename(fresh, directory).catch(() => rm(fresh, { recursive: true, force: true }));
  }
  const files = await readdir(directory);
  const ending = (suffix: string) => files.filter((file) => file.endsWith(suffix)).map((file) => join(directory, file));
  return {
    directory,
    modules: [
      { type: 'ESModule', path: join(directory, `${entry}.js`) },
      ...ending('.wasm').map((path) => ({ type: 'CompiledWasm' as const, path })),
      ...ending('.html').map((path) => ({ type: 'Text' as const, path })),
    ],
  };
}

/** Runs wrangler without metrics, prompts or colour; returns what it printed. */
export async function wrangler(args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(
    process.execPath,
    [join(projectRoot, 'node_modules', 'wrangler', 'bin', 'wrangler.js'), ...args],
    {
      cwd: projectRoot,
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: 'true', NO_COLOR: '1', FORCE_COLOR: '0' },
      maxBuffer: 64 * 1_048_576,
    },
  );
  return stdout + stderr;
}

async function sourcesDigest(): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of ['worker', 'registry', 'scripts/inspect']) {
    const files = await readdir(join(projectRoot, folder), { recursive: true, withFileTypes: true });
    const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
    for (const path of paths.sort()) hash.update(path).update(await readFile(path));
  }
  for (const file of ['wrangler.toml', toolsConfig, 'package-lock.json'])
    hash.update(await readFile(join(projectRoot, file)));
  return hash.digest('hex').slice(0, 16);
}
