// The step `decode`: files to pixels. JPEG and WebP by WASM decoders that start when they are first needed and are given up when they
// have grown, PNG by code of our own.
/// <reference path="./codecs.d.ts" />
import { PopserveError } from '../../registry/errors.ts';
import startJpeg from './codecs/mozjpeg_dec.js';
import startWebp from './codecs/webp_dec.js';
import { decodePng, pngDecodingBytes } from './decode-png.ts';
import type { PictureHeader } from './picture-header.ts';
import { type Pixels, pixelBytes } from './pixels.ts';
import { readPngFrame } from './png-chunks.ts';

type CompiledFormat = 'jpeg' | 'webp';

/** The compiled decoders: a Worker imports them, Node compiles them from their files. */
export type PictureModules = Readonly<Record<CompiledFormat, WebAssembly.Module>>;

interface Decoder {
  readonly memory: WebAssembly.Memory;
  /** @returns null for bytes that it cannot decode */
  decode(file: Uint8Array): DecodedImage | null;
}

/** A decoder whose memory has grown beyond this is not kept for the next picture. */
const keptBytes = 4 * 1_048_576;

/**
 * Memory that decoding a picture takes for a while: the decoder's own buffers and pixels, and the pixels that it gives. Measured with
 * pictures of 0.1 to 4 million pixels; a JPEG in passes took up to 13.4 bytes a pixel. A compiled decoder starts with 1 MiB.
 */
export function decodingBytes({ format, width, height, inPasses }: PictureHeader, file: Uint8Array): number {
  if (format === 'png') return pngDecodingBytes(readPngFrame(file, 'decode'));
  const bytesPerPixel = 2 * pixelBytes + (inPasses ? 6 : 1);
  return file.length + width * height * bytesPerPixel + 2 * 1_048_576;
}

export class PictureDecoders {
  readonly #modules: PictureModules;
  readonly #started = new Map<CompiledFormat, Decoder>();

  constructor(modules: PictureModules) {
    this.#modules = modules;
  }

  /** Memory that decoders hold between pictures. */
  get byteLength(): number {
    let bytes = 0;
    for (const { memory } of this.#started.values()) bytes += memory.buffer.byteLength;
    return bytes;
  }

  /**
   * @returns the pixels as they lie in the file, not turned by its EXIF data
   * @throws {PopserveError} INVALID_ARGUMENT for a damaged file
   */
  async decode(file: Uint8Array, header: PictureHeader, name = 'decode'): Promise<Pixels> {
    const { format } = header;
    return format === 'png' ? decodePng(file, name) : this.#decodeCompiled(format, file, header, name);
  }

  async #decodeCompiled(
    format: CompiledFormat,
    file: Uint8Array,
    header: PictureHeader,
    name: string,
  ): Promise<Pixels> {
    const decoder = this.#started.get(format) ?? (await starters[format](this.#modules[format]));
    this.#started.delete(format);
    try {
      const image = decoder.decode(file);
      if (image === null) throw new Error('the decoder gave nothing');
      const { data, width, height } = image;
      if (width !== header.width || height !== header.height) throw new Error(`it decoded ${width}x${height} pixels`);
      if (decoder.memory.buffer.byteLength <= keptBytes) this.#started.set(format, decoder);
      return { width, height, rgba: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
    } catch (cause) {
      // A decoder that has thrown may be in any state, so it is not used again.
      throw new PopserveError('INVALID_ARGUMENT', `${name}: the ${names[format]} cannot be decoded: it is damaged`, {
        cause,
      });
    }
  }
}

const names: Readonly<Record<CompiledFormat, string>> = { jpeg: 'JPEG', webp: 'WebP' };

const starters: Readonly<Record<CompiledFormat, (module: WebAssembly.Module) => Promise<Decoder>>> = {
  jpeg: async (module) => {
    const { decoder, memory } = await startEmscripten(startJpeg, module);
    // True would turn the picture as its EXIF data say, which is a step of its own.
    return { memory, decode: (file) => decoder.decode(file, false) };
  },
  webp: async (module) => {
    const { decoder, memory } = await startEmscripten(startWebp, module);
    return { memory, decode: (file) => decoder.decode(file) };
  },
};

async function startEmscripten(
  start: (options: EmscriptenOptions) => Promise<EmscriptenDecoder>,
  module: WebAssembly.Module,
): Promise<{ decoder: EmscriptenDecoder; memory: WebAssembly.Memory }> {
  let memory: WebAssembly.Memory | undefined;
  const decoder = await start({
    noInitialRun: true,
    printErr: () => undefined,
    instantiateWasm: (imports, done) => {
      const instance = new WebAssembly.Instance(module, imports);
      const exports = Object.values(instance.exports);
      memory = exports.find((value) => value instanceof WebAssembly.Memory);
      done(instance);
      return instance.exports;
    },
  });
  if (memory === undefined) throw new Error('the decoder exports no memory');
  return { decoder, memory };
}
