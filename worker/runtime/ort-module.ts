// One instance of the ORT WASM module over a memory of its own, with the glue adapted to what a heap needs: a limit on
// growth, a memory that can be collected, and a second instance in the same memory. What is called in it is not its business (heap.ts).
import { type Growth, type GrowthLimits, grow, growthOf, wasmPageBytes } from './growth.ts';
// Derived from onnxruntime-web by scripts/build/derive-runtime.ts: the memory is not shared, and Node is not looked for.
import ortWasm, { type OrtModule } from './ort/ort-wasm-simd-threaded.mjs';
import wasmModule from './ort/ort-wasm-simd-threaded.wasm';

export type { OrtModule };

/** The size with which the module starts. */
const initialPages = 256;

export interface OrtInstance {
  readonly module: OrtModule;
  readonly memory: WebAssembly.Memory;
  readonly growth: Growth;
  /** Makes a new instance in the same memory, which must be empty; `module` calls it from then on. */
  instantiateAgain(): void;
}

export async function instantiateOrt(limits: GrowthLimits): Promise<OrtInstance> {
  const growth = growthOf(limits);
  const table = new FunctionTable();
  let memory: WebAssembly.Memory | undefined;
  let instantiate: (() => WebAssembly.Exports) | undefined;
  const module = await ortWasm({
    numThreads: 1,
    memoryMaximumPages: Math.max(initialPages, Math.ceil(limits.maximumBytes / wasmPageBytes)),
    instantiateWasm(imports, done) {
      memory = adaptImports(imports, growth);
      instantiate = () => {
        const { exports } = new WebAssembly.Instance(wasmModule, imports as WebAssembly.Imports);
        done({ exports: table.standIn(exports) }, wasmModule);
        return exports;
      };
      instantiate();
      return {};
    },
  });
  if (!memory || !instantiate) throw new Error('the ORT module was not instantiated');
  const again = instantiate;
  return { module, memory, growth, instantiateAgain: () => runConstructors(module, again()) };
}

/**
 * Runs the module's static constructors, which the glue does only for the first instance. Their export has a minified name; it
 * is the function that the linker puts first, right before `_OrtInit`.
 */
function runConstructors(module: OrtModule, exports: WebAssembly.Exports): void {
  const functions = Object.values(exports).filter((value) => typeof value === 'function');
  const [constructors, init] = functions;
  if (init !== module._OrtInit || !constructors || constructors.length !== 0) {
    throw new Error('onnxruntime-web has changed: its static constructors were not found');
  }
  constructors();
}

/**
 * The glue keeps every function that it has taken from the module's table. It is given stand-ins that call the function of the
 * present instance: without them a restarted heap ran functions of the instance before it, which has another stack (seen).
 */
class FunctionTable {
  #table: WebAssembly.Table | undefined;
  #functions: ((...args: unknown[]) => unknown)[] = [];

  /** @returns the instance's exports with this in the place of its table */
  standIn(exports: WebAssembly.Exports): WebAssembly.Exports {
    const [name] = Object.entries(exports).find(([, value]) => value instanceof WebAssembly.Table) ?? [];
    if (name === undefined) throw new Error('onnxruntime-web has changed: its table of functions was not found');
    this.#table = exports[name] as WebAssembly.Table;
    this.#functions = [];
    return { ...exports, [name]: this as unknown as WebAssembly.Table };
  }

  get(index: number): (...args: unknown[]) => unknown {
    return (...args) => {
      this.#functions[index] ??= this.#table?.get(index) as (...args: unknown[]) => unknown;
      // biome-ignore lint/plugin: the arguments that one call of the glue came with
      return this.#functions[index]?.(...args);
    };
  }
}

/**
 * Replaces two of the functions that the glue hands to the module. Their names are minified, so they are found by their code:
 * - the one that grows the memory: the glue's own grows by up to 20 % more than asked and has no limit but 4 GiB;
 * - the thread mailbox: its `Atomics.waitAsync` never settles and would keep a discarded memory alive, and with one thread
 *   nobody writes to it.
 * The glue itself refreshes its views whenever the memory's buffer has changed.
 */
function adaptImports(imports: Record<string, Record<string, unknown>>, growth: Growth): WebAssembly.Memory {
  let memory: WebAssembly.Memory | undefined;
  let growName: string | undefined;
  let mailboxName: string | undefined;
  const functions = imports.a ?? {};
  for (const [name, value] of Object.entries(functions)) {
    if (value instanceof WebAssembly.Memory) memory = value;
    else if (typeof value === 'function') {
      const source = Function.prototype.toString.call(value);
      if (source.includes('.grow(')) growName = name;
      else if (source.includes('waitAsync')) mailboxName = name;
    }
  }
  if (!memory || !growName || !mailboxName) {
    throw new Error('onnxruntime-web has changed: its memory, memory growth or thread mailbox was not found');
  }
  const found = memory;
  functions[growName] = (wanted: number) => grow(found, growth, wanted >>> 0);
  functions[mailboxName] = () => {};
  return found;
}
