// One instance of LiteRT's WASM module in a memory that is handed to it, so that it is bounded and can be used again by the next
// instance. What is called in it is not its business (heap.ts).
import { type Growth, grow, wasmPageBytes } from '../growth.ts';
import { RefusedError } from '../heap-errors.ts';
// Derived from @litertjs/core by scripts/build/derive-litert.ts.
import moduleFactory, { type LiteRtModule } from './module/litert_wasm_internal.mjs';
import wasmModule from './module/litert_wasm_internal.wasm';

export type { LiteRtModule };

/** The size with which the module starts, in pages: 16.8 MiB. Its memory section says so. */
const initialPages = 269;
export const liteRtFirstBytes = initialPages * wasmPageBytes;

export interface LiteRtInstance {
  readonly module: LiteRtModule;
  /** What it has logged as errors since this was emptied. */
  readonly errors: string[];
}

/** @param maximumBytes V8 lets the memory grow no further */
export function createLiteRtMemory(maximumBytes: number): WebAssembly.Memory {
  const maximum = Math.max(initialPages, Math.ceil(maximumBytes / wasmPageBytes));
  return new WebAssembly.Memory({ initial: initialPages, maximum });
}

/** @param memory holds nothing but zeros */
export async function instantiateLiteRt(memory: WebAssembly.Memory, growth: Growth): Promise<LiteRtInstance> {
  const errors: string[] = [];
  const listen = (line: string) => {
    if (isError(line)) errors.push(withoutPlace(line));
  };
  const module = await moduleFactory({
    instantiateWasm(imports, done) {
      const own = { ...imports, a: { ...imports.a, memory } };
      done(new WebAssembly.Instance(wasmModule, own as WebAssembly.Imports), wasmModule);
      return {};
    },
    growMemory: (wantedBytes) => grow(memory, growth, wantedBytes),
    refuse(message) {
      throw new RefusedError(message);
    },
    print: listen,
    printErr: listen,
  });
  return { module, errors };
}

/** As the glue tells it: `ERROR: [file:line] what`, and a second line where the error has a cause. */
function isError(line: string): boolean {
  return line.startsWith('ERROR: ') || line.startsWith('└ ');
}

function withoutPlace(line: string): string {
  return line
    .replace(/^(ERROR:|└) /, '')
    .replaceAll(/\[[^\]]*:\d+\]\s*/g, '')
    .trim();
}
