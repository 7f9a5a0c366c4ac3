// Tiny WebAssembly modules, each with one feature: an engine that has the feature takes the module for valid.
// @see https://webassembly.org/features/

const header = [0, 97, 115, 109, 1, 0, 0, 0];
/** One function type without parameters and results, and one function of it. */
const oneFunction = [1, 4, 1, 96, 0, 0, 3, 2, 1, 0];
/** The same with a vector as its result. */
const oneVector = [1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0];

const modules = {
  simd: [...oneVector, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
  relaxedSimd: [...oneVector, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11],
  threads: [...oneFunction, 5, 4, 1, 3, 1, 1, 10, 11, 1, 9, 0, 65, 0, 254, 16, 2, 0, 26, 11],
  bulkMemory: [...oneFunction, 5, 3, 1, 0, 1, 10, 14, 1, 12, 0, 65, 0, 65, 0, 65, 0, 252, 10, 0, 0, 11],
  legacyExceptions: [...oneFunction, 10, 8, 1, 6, 0, 6, 64, 25, 11, 11],
  exceptions: [...oneFunction, 10, 8, 1, 6, 0, 31, 64, 0, 11, 11],
  tailCalls: [...oneFunction, 10, 6, 1, 4, 0, 18, 0, 11],
  memory64: [5, 3, 1, 4, 1],
  multipleMemories: [5, 5, 2, 0, 0, 0, 0],
} as const;

export type WasmFeature = keyof typeof modules;
export const wasmFeatures = Object.keys(modules) as WasmFeature[];

export function wasmModuleWith(feature: WasmFeature): Uint8Array<ArrayBuffer> {
  return new Uint8Array([...header, ...modules[feature]]);
}
