// Types of @litertjs/core 2.5's Emscripten glue and compiled module as scripts/build/derive-litert.ts derives them, as far as they are
// used. The package declares the same objects for its own JavaScript only.

declare module '*/litert_wasm_internal.mjs' {
  /** An object of C++, which lives until it is deleted. */
  export interface GlueObject {
    delete(): void;
  }

  export interface GlueVector<T> extends GlueObject {
    size(): number;
    get(index: number): T;
  }

  export interface GlueTensorType extends GlueObject {
    elementType(): { readonly value: number };
    layout(): GlueObject & { dimensions(): GlueVector<number> };
    bytes(): number;
  }

  export interface GlueTensorBuffer extends GlueObject {
    /** @returns where its elements lie */
    lock(mode: unknown): number;
    unlock(): void;
  }

  export interface GlueModel extends GlueObject {
    getNumSignatures(): number;
    getSignature(index: number): GlueObject & { inputNames(): GlueVector<string>; outputNames(): GlueVector<string> };
    getInputTensorType(signature: number, index: number): GlueTensorType;
    getOutputTensorType(signature: number, index: number): GlueTensorType;
  }

  export interface GlueCompiledModel extends GlueObject {
    /** @returns the outputs in the model's order, which the caller deletes */
    run(signature: number, inputs: readonly GlueTensorBuffer[]): GlueTensorBuffer[];
  }

  export interface LiteRtModule {
    _malloc(bytes: number): number;
    _free(pointer: number): void;
    stackSave(): number;
    stackRestore(pointer: number): void;
    readonly HEAPU8: Uint8Array;
    readonly LiteRtEnvironment: { create(webGpuDevice: null): GlueObject };
    readonly LiteRtTensorBuffer: {
      createManaged(environment: GlueObject, kind: unknown, type: GlueTensorType, bytes: number): GlueTensorBuffer;
    };
    readonly LiteRtTensorBufferType: { readonly HOST_MEMORY: unknown };
    readonly LiteRtTensorBufferLockMode: { readonly READ: unknown; readonly WRITE: unknown };
    loadModel(environment: GlueObject, pointer: number, bytes: number): GlueModel;
    compileModel(environment: GlueObject, model: GlueModel, options: unknown): GlueCompiledModel;
  }

  export interface LiteRtModuleOptions {
    instantiateWasm(
      imports: Record<string, Record<string, unknown>>,
      done: (instance: { readonly exports: WebAssembly.Exports }, module: WebAssembly.Module) => void,
    ): unknown;
    /** @returns whether the memory has at least so many bytes now */
    growMemory(wantedBytes: number): boolean;
    /** Told why LiteRT refuses a call. It throws, since the module does not expect it to return. */
    refuse(message: string): never;
    print(line: string): void;
    printErr(line: string): void;
  }

  export default function moduleFactory(options: LiteRtModuleOptions): Promise<LiteRtModule>;
}

declare module '*/litert_wasm_internal.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
