// The Workers of `npm run engines`, and how large their modules are.
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { toolsConfig, wrangler } from '../../build/bundle.ts';
import { scratchFolder } from '../bench/scratch.ts';
import type { WorkerModules } from '../workerd/config.ts';
import { deriveLiteRt } from './derive-litert.ts';

export interface EngineBundles extends AsyncDisposable {
  readonly all: WorkerModules;
  readonly both: WorkerModules;
  readonly stockOnly: WorkerModules;
}

export interface ModuleSize {
  readonly name: string;
  readonly bytes: number;
  readonly compressed: number;
}

export async function bundleEngines(compatibilityDate: string): Promise<EngineBundles> {
  await deriveLiteRt();
  const folder = await scratchFolder();
  const bundled = async (...entries: string[]): Promise<WorkerModules> => {
    const modules: WorkerModules['modules'][number][] = [];
    for (const entry of entries) {
      const directory = join(folder, entry);
      const source = `scripts/checks/bench/workers/${entry}.ts`;
      await wrangler(['deploy', source, '--config', toolsConfig, '--dry-run', '--minify', '--outdir', directory]);
      modules.push({ type: 'ESModule', path: join(directory, `${entry}.js`) });
      const wasm = (await readdir(directory)).filter((file) => file.endsWith('.wasm'));
      for (const file of wasm) modules.push({ type: 'CompiledWasm', path: join(directory, file) });
    }
    return { modules, compatibilityDate };
  };
  return {
    all: await bundled('all-engines', 'stock-glue'),
    both: await bundled('both-engines', 'stock-glue'),
    stockOnly: await bundled('stock-only', 'stock-glue'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

export async function moduleSizes({ modules }: WorkerModules): Promise<ModuleSize[]> {
  const sizes: ModuleSize[] = [];
  for (const { path } of modules) {
    const bytes = await readFile(path);
    sizes.push({ name: basename(path), bytes: bytes.length, compressed: gzipSync(bytes).length });
  }
  return sizes;
}
