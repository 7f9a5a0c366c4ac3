// Types of onnxruntime-web 1.30's Emscripten glue and compiled module, as published and as popserve derives them.
// The functions and their arguments are those of onnxruntime's js/web/lib/wasm/wasm-types.ts; pointers are 32-bit offsets.

declare module '*/ort-wasm-simd-threaded.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

declare module '*/ort-wasm-simd-threaded.mjs' {
  export interface OrtModule {
    _malloc(bytes: number): number;
    _free(pointer: number): void;
    _OrtInit(threads: number, logSeverity: number): number;
    _OrtGetLastError(codeOut: number, messageOut: number): number;
    _OrtCreateSessionOptions(
      graphOptimization: number,
      memoryArena: boolean,
      memoryPattern: boolean,
      executionMode: number,
      profiling: boolean,
      profilePrefix: number,
      logId: number,
      logSeverity: number,
      logVerbosity: number,
      optimizedModelPath: number,
    ): number;
    _OrtAddSessionConfigEntry(options: number, key: number, value: number): number;
    _OrtReleaseSessionOptions(options: number): number;
    _OrtCreateSession(data: number, bytes: number, options: number): number;
    _OrtReleaseSession(session: number): number;
    _OrtGetInputOutputCount(session: number, inputsOut: number, outputsOut: number): number;
    _OrtGetInputOutputMetadata(session: number, index: number, nameOut: number, metadataOut: number): number;
    _OrtFree(pointer: number): number;
    _OrtCreateTensor(
      elementType: number,
      data: number,
      bytes: number,
      dimensions: number,
      rank: number,
      location: number,
    ): number;
    _OrtGetTensorData(tensor: number, typeOut: number, dataOut: number, dimensionsOut: number, rankOut: number): number;
    _OrtReleaseTensor(tensor: number): number;
    _OrtRun(
      session: number,
      inputNames: number,
      inputs: number,
      inputCount: number,
      outputNames: number,
      outputCount: number,
      outputs: number,
      runOptions: number,
    ): number;
  }

  export interface OrtModuleOptions {
    numThreads: number;
    /** Read by the derived glue alone: see scripts/build/derive-runtime.ts. */
    memoryMaximumPages?: number;
    instantiateWasm(
      imports: Record<string, Record<string, unknown>>,
      done: (instance: { readonly exports: WebAssembly.Exports }, module: WebAssembly.Module) => void,
    ): unknown;
  }

  export default function ortWasmThreaded(options: OrtModuleOptions): Promise<OrtModule>;
}
