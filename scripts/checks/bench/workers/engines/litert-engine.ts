// LiteRT.js: TensorFlow Lite with XNNPACK and relaxed SIMD, one thread. The package is made for pages and their workers: it loads its
// glue by `importScripts` and compiles the module that it fetches. Here the glue is a module of the Worker and gets the compiled module.
import { type CompiledModel, type LiteRt, loadLiteRt, Tensor } from '@litertjs/core';
import type { RawTensor } from '../../../../inspect/raw-frame.ts';
import type { Engine, LoadedModel } from './engine.ts';
// Relative paths: wrangler does not resolve a bare package path to a .wasm under a CompiledWasm rule.
import moduleFactory, { type LiteRtModule, type LiteRtModuleOptions } from './litert/litert_wasm_internal.mjs';
import wasmModule from './litert/litert_wasm_internal.wasm';

const float32 = 1;
const options = { accelerator: 'wasm', cpuOptions: { numThreads: 1 } } as const;

/** What the package looks for in the global scope. */
interface PackageScope {
  importScripts(): void;
  location: { readonly href: string };
  ModuleFactory: ((options: LiteRtModuleOptions) => Promise<LiteRtModule>) | undefined;
}

export class LiteRtEngine implements Engine {
  #started: Promise<LiteRt> | null = null;
  #module: LiteRtModule | null = null;

  get heapBytes(): number {
    return this.#module?.HEAPU8.buffer.byteLength ?? 0;
  }

  /** The glue's own instance. @throws Error before the first load */
  get module(): LiteRtModule {
    if (this.#module === null) throw new Error('LiteRT.js was not started');
    return this.#module;
  }

  async compile(model: Uint8Array): Promise<CompiledModel> {
    this.#started ??= this.#start();
    return await (await this.#started).loadAndCompile(model, options);
  }

  async load(model: Uint8Array): Promise<LoadedModel> {
    const compiled = await this.compile(model);
    return {
      run: (inputs) => runCompiled(compiled, inputs),
      async release() {
        compiled.delete();
      },
    };
  }

  #start(): Promise<LiteRt> {
    const scope = globalThis as unknown as PackageScope;
    // The glue is here already: the script that the package asks for has nothing to do.
    scope.importScripts = () => undefined;
    scope.location ??= { href: 'https://worker.invalid/' };
    scope.ModuleFactory = async () => {
      this.#module = await moduleFactory({
        instantiateWasm(imports, done) {
          done(new WebAssembly.Instance(wasmModule, imports as WebAssembly.Imports), wasmModule);
          return {};
        },
      });
      return this.#module;
    };
    return loadLiteRt('litert_wasm_internal.js');
  }
}

async function runCompiled(compiled: CompiledModel, inputs: readonly RawTensor[]): Promise<RawTensor[]> {
  const feeds: Record<string, Tensor> = {};
  let results: Record<string, Tensor> = {};
  try {
    for (const { name, shape, data } of inputs) {
      if (!(data instanceof Uint8Array)) throw new Error(`input '${name}': expected numbers`);
      const elements = new Float32Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength / 4);
      feeds[name] = new Tensor(elements, [...shape]);
    }
    results = await compiled.run(feeds);
    return Object.entries(results).map(([name, tensor]) => {
      const elements = tensor.toTypedArray();
      const bytes = new Uint8Array(elements.buffer as ArrayBuffer, elements.byteOffset, elements.byteLength);
      return { name, elementType: float32, shape: [...tensor.type.layout.dimensions], data: bytes };
    });
  } finally {
    for (const tensor of [...Object.values(feeds), ...Object.values(results)]) tensor.delete();
  }
}
