// Types of @litertjs/core 2.5's Emscripten glue and compiled module, as far as they are used here.

declare module '*/litert_wasm_internal.mjs' {
  export interface LiteRtModule {
    readonly HEAPU8: Uint8Array;
    readonly LiteRtTensorBufferLockMode: Readonly<Record<'READ' | 'WRITE', never>>;
  }

  export interface LiteRtModuleOptions {
    instantiateWasm(
      imports: Record<string, Record<string, unknown>>,
      done: (instance: { readonly exports: WebAssembly.Exports }, module: WebAssembly.Module) => void,
    ): unknown;
  }

  export default function moduleFactory(options: LiteRtModuleOptions): Promise<LiteRtModule>;
}

declare module '*/litert_wasm_internal.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
