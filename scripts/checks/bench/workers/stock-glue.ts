// Lets onnxruntime-web's own API run in workerd, which compiles no WASM at run time: the package's Emscripten glue with its
// `instantiateWasm` hook set to the module that was compiled with the Worker. A module of its own, as `env.wasm.wasmPaths.mjs`
// names a module to import; so nothing of the package is patched, unlike in the published recipe, which edits the bundle.
// @see https://github.com/CosteGieF/ort-cloudflare-workers

// Relative paths: wrangler does not resolve a bare package path to a .wasm under a CompiledWasm rule.
import ortWasmThreaded, {
  type OrtModule,
  type OrtModuleOptions,
} from '../../../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.mjs';
import wasmModule from '../../../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm';

let memory: WebAssembly.Memory | undefined;

/** Size of the linear memory; 0 before the runtime has started. */
export function heapBytes(): number {
  return memory?.buffer.byteLength ?? 0;
}

/** Factory of the glue, as onnxruntime-web calls it. */
export default function factory(options: OrtModuleOptions): Promise<OrtModule> {
  return ortWasmThreaded({
    ...options,
    instantiateWasm(imports, done) {
      memory = Object.values(imports.a ?? {}).find((value) => value instanceof WebAssembly.Memory);
      done(new WebAssembly.Instance(wasmModule, imports as WebAssembly.Imports), wasmModule);
      return {};
    },
  });
}
