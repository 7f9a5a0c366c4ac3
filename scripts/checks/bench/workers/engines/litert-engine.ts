// LiteRT.js as its package offers it: TensorFlow Lite with XNNPACK and relaxed SIMD, one thread. The package is made for pages and their
// workers: it loads its glue by `importScripts`. Here it gets the instance that popserve makes.
import { type CompiledModel, type LiteRt, loadLiteRt, Tensor } from '@litertjs/core';
import { mebibyte } from '../../../../../registry/mebibytes.ts';
import type { RawTensor } from '../../../../../worker/protocol/raw-frame.ts';
import { growthOf } from '../../../../../worker/runtime/growth.ts';
import {
  createLiteRtMemory,
  instantiateLiteRt,
  type LiteRtModule,
} from '../../../../../worker/runtime/litert/litert-module.ts';
import type { Engine, LoadedModel } from './engine.ts';

const heapLimitBytes = 1024 * mebibyte;
const float32 = 1;
const options = { accelerator: 'wasm', cpuOptions: { numThreads: 1 } } as const;

/** What the package looks for in the global scope. */
interface PackageScope {
  importScripts(): void;
  location: { readonly href: string };
  ModuleFactory: (() => Promise<LiteRtModule>) | undefined;
}

export class LiteRtEngine implements Engine {
  #started: Promise<LiteRt> | null = null;
  #memory: WebAssembly.Memory | null = null;

  get heapBytes(): number {
    return this.#memory?.buffer.byteLength ?? 0;
  }

  async load(model: Uint8Array): Promise<LoadedModel> {
    this.#started ??= this.#start();
    const compiled = await (await this.#started).loadAndCompile(model, options);
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
      const limits = { limitBytes: heapLimitBytes, maximumBytes: heapLimitBytes, roomBytes: () => heapLimitBytes };
      this.#memory = createLiteRtMemory(heapLimitBytes);
      return (await instantiateLiteRt(this.#memory, growthOf(limits))).module;
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
