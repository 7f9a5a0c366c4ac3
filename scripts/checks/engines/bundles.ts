// The Workers of `npm run engines`, and how large their modules are.
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { toolsConfig, wrangler } from '../../build/bundle.ts';
import { deriveLiteRt } from '../../build/derive-litert.ts';
import { scratchFolder } from '../bench/scratch.ts';
import type { WorkerModules } from '../workerd/config.ts';

/** The modules of each Worker: its entry first. */
const entries = {
  all: ['all-engines', 'stock-glue'],
  both: ['both-engines', 'stock-glue'],
  stockOnly: ['stock-only', 'stock-glue'],
} as const;

export type EngineWorker = keyof typeof entries;

export type EngineBundles<Name extends EngineWorker> = Readonly<Record<Name, WorkerModules>> & AsyncDisposable;

export interface ModuleSize {
  readonly name: string;
  readonly bytes: number;
  readonly compressed: number;
}

export async function bundleEngines<Name extends EngineWorker>(
  compatibilityDate: string,
  ...names: readonly Name[]
): Promise<EngineBundles<Name>> {
  await deriveLiteRt();
  const folder = await scratchFolder();
  const workers = new Map<EngineWorker, WorkerModules>();
  for (const name of names) {
    const modules: WorkerModules['modules'][number][] = [];
    for (const entry of entries[name]) {
      const directory = join(folder, name, entry);
      const source = `scripts/checks/bench/workers/${entry}.ts`;
      await wrangler(['deploy', source, '--config', toolsConfig, '--dry-run', '--minify', '--outdir', directory]);
      modules.push({ type: 'ESModule', path: join(directory, `${entry}.js`) });
      const wasm = (await readdir(directory)).filter((file) => file.endsWith('.wasm'));
      for (const file of wasm) modules.push({ type: 'CompiledWasm', path: join(directory, file) });
    }
    workers.set(name, { modules, compatibilityDate });
  }
  const built = Object.fromEntries(workers) as Record<Name, WorkerModules>;
  return { ...built, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

export async function moduleSizes({ modules }: WorkerModules): Promise<ModuleSize[]> {
  const sizes: ModuleSize[] = [];
  for (const { path } of modules) {
    const bytes = await readFile(path);
    sizes.push({ name: basename(path), bytes: bytes.length, compressed: gzipSync(bytes).length });
  }
  return sizes;
}
