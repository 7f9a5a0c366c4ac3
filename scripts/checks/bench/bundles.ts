// The measured Workers, built with the project's own wrangler.toml: the serving Worker as it is deployed, and the peers.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorker, toolsConfig, wrangler } from '../../build/bundle.ts';
import type { WorkerModules } from '../workerd/config.ts';
import { scratchFolder } from './scratch.ts';

export interface Bundles extends AsyncDisposable {
  /** The serving Worker. */
  readonly popserve: WorkerModules;
  /** The Worker that runs LiteRT behind it. */
  readonly litert: WorkerModules;
  readonly stock: WorkerModules;
  readonly stockPictures: WorkerModules;
  readonly bare: WorkerModules;
  readonly diskStore: WorkerModules;
  /** The variables of wrangler.toml, what opens it to the benchmark, and the PoP's name, which the platform tells once. */
  readonly settings: Readonly<Record<string, string>>;
}

export async function bundleAll(): Promise<Bundles> {
  const serving = await bundleWorker('index');
  const litert = await bundleWorker('litert');
  const { compatibilityDate = '', bindings = {} } = serving.options;
  const folder = await scratchFolder();
  const bundled = async (...entries: string[]): Promise<WorkerModules> => {
    const modules: WorkerModules['modules'][number][] = [];
    for (const entry of entries) {
      const directory = join(folder, entry);
      const source = `scripts/checks/bench/workers/${entry}.ts`;
      await wrangler(['deploy', source, '--config', toolsConfig, '--dry-run', '--outdir', directory]);
      modules.push({ type: 'ESModule', path: join(directory, `${entry}.js`) });
      const wasm = (await readdir(directory)).filter((file) => file.endsWith('.wasm'));
      for (const file of wasm) modules.push({ type: 'CompiledWasm', path: join(directory, file) });
    }
    return { modules, compatibilityDate };
  };
  try {
    return {
      popserve: { modules: serving.modules, compatibilityDate },
      litert: { modules: litert.modules, compatibilityDate },
      stock: await bundled('stock-worker', 'stock-glue'),
      stockPictures: await bundled('stock-pictures', 'stock-glue'),
      bare: await bundled('bare-worker'),
      diskStore: await bundled('disk-store'),
      settings: Object.fromEntries(
        Object.entries({ ...bindings, INFERENCE_ACCESS: 'open', POP_NAME: 'bench' }).map(([name, value]) => [
          name,
          String(value),
        ]),
      ),
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
