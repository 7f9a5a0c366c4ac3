// Types of the decoders that scripts/build/derive-codecs.ts copies from the @jsquash packages.

/** As the glue makes it: a class of the browser, or the packages' own stand-in. */
interface DecodedImage {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

interface EmscriptenDecoder {
  /** Null for bytes that cannot be decoded. */
  decode(file: Uint8Array, preserveOrientation?: boolean): DecodedImage | null;
}

interface EmscriptenOptions {
  readonly noInitialRun: true;
  readonly instantiateWasm: (
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance) => void,
  ) => WebAssembly.Exports;
  /** Where the decoder's warnings go. */
  readonly printErr: (text: string) => void;
}

declare module '*/mozjpeg_dec.js' {
  export default function start(options: EmscriptenOptions): Promise<EmscriptenDecoder>;
}

declare module '*/webp_dec.js' {
  export default function start(options: EmscriptenOptions): Promise<EmscriptenDecoder>;
}

declare module '*/mozjpeg_dec.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

declare module '*/webp_dec.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
