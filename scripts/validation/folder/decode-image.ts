// PNG and JPEG files to pixels. What is done with transparency and orientation is what torchvision's loader does: nothing.
import { readFile } from 'node:fs/promises';
import decodeJpeg, { init as startJpeg } from '@jsquash/jpeg/decode.js';
import decodePng, { init as startPng } from '@jsquash/png/decode.js';
import { invalid, PopserveError } from '../../../registry/errors.ts';
import { dependencyFile } from '../../build/project.ts';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of each pixel, row by row from the top left. */
  readonly rgb: Uint8Array;
}

interface Header {
  readonly width: number;
  readonly height: number;
  readonly decode: (file: ArrayBuffer) => Promise<{ readonly data: Uint8ClampedArray }>;
}

/** A picture of more pixels is refused before it is decoded: it takes eight bytes each. */
const mostPixels = 100_000_000;

/**
 * @param name for messages
 * @throws {PopserveError} INVALID_ARGUMENT naming the file and what is wrong with it
 */
export async function decodeImage(file: Uint8Array, name: string): Promise<Picture> {
  const { width, height, decode } = isPng(file) ? pngHeader(file, name) : jpegHeader(file, name);
  if (width * height > mostPixels) {
    throw invalid(`${name}: expected at most ${mostPixels / 1e6} million pixels, got ${width}x${height}`);
  }
  try {
    const { data } = await decode(new Uint8Array(file).buffer);
    return { width, height, rgb: withoutAlpha(data, width * height) };
  } catch (cause) {
    throw new PopserveError('INVALID_ARGUMENT', `${name}: the image cannot be decoded: it is damaged or cut off`, {
      cause,
    });
  }
}

const pngMagic = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

function isPng(file: Uint8Array): boolean {
  return pngMagic.equals(file.subarray(0, pngMagic.length));
}

/** @see https://www.w3.org/TR/png-3/#11IHDR */
function pngHeader(file: Uint8Array, name: string): Header {
  if (file.length < 33) throw invalid(`${name}: expected a PNG, the file ends in its header`);
  const view = viewOf(file);
  const depth = view.getUint8(24);
  if (depth > 8) throw invalid(`${name}: expected a PNG of 8 bits or less for a channel, got ${depth}`);
  return { width: view.getUint32(16), height: view.getUint32(20), decode: png };
}

/** @see https://www.w3.org/Graphics/JPEG/itu-t81.pdf annex B: markers, and the frame header behind SOF */
function jpegHeader(file: Uint8Array, name: string): Header {
  const view = viewOf(file);
  if (file.length < 4 || view.getUint16(0) !== 0xffd8) {
    throw invalid(`${name}: expected a PNG or a JPEG, got a file that starts with ${startOf(file)}`);
  }
  for (let at = 2; at + 9 < file.length && view.getUint8(at) === 0xff; ) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) at += 1;
    else if (isFrame(marker)) {
      const components = view.getUint8(at + 9);
      if (components !== 1 && components !== 3) {
        throw invalid(`${name}: expected a JPEG in grey or colour, got one of ${components} components (CMYK)`);
      }
      // libjpeg fills up what is missing with grey and says nothing.
      if (Buffer.from(file).lastIndexOf('\xff\xd9', undefined, 'latin1') < at) {
        throw invalid(`${name}: the JPEG ends too early`);
      }
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5), decode: jpeg };
    } else at += 2 + view.getUint16(at + 2);
  }
  throw invalid(`${name}: expected a JPEG, found no frame in it`);
}

/** SOF0 to SOF15 without those that are tables. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

let started: Promise<void> | undefined;

async function png(file: ArrayBuffer) {
  await start();
  return decodePng(file);
}

async function jpeg(file: ArrayBuffer) {
  await start();
  return decodeJpeg(file);
}

/** The decoders would fetch their WASM by its URL, which Node does not do for files. */
function start(): Promise<void> {
  started ??= startDecoders();
  return started;
}

async function startDecoders(): Promise<void> {
  // Emscripten takes the bytes so, and its warnings away from the terminal; the package's types leave both out.
  const options = { wasmBinary: await readPart('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'), printErr() {} };
  await startJpeg(options as Parameters<typeof startJpeg>[0]);
  await startPng(await readPart('@jsquash/png/codec/pkg/squoosh_png_bg.wasm'));
}

function readPart(path: string): Promise<Buffer<ArrayBuffer>> {
  return readFile(dependencyFile(path));
}

function withoutAlpha(rgba: Uint8ClampedArray, pixels: number): Uint8Array {
  const rgb = new Uint8Array(pixels * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = rgba[from] ?? 0;
    rgb[to + 1] = rgba[from + 1] ?? 0;
    rgb[to + 2] = rgba[from + 2] ?? 0;
  }
  return rgb;
}

function viewOf(file: Uint8Array): DataView {
  return new DataView(file.buffer, file.byteOffset, file.byteLength);
}

function startOf(file: Uint8Array): string {
  return file.length === 0 ? 'nothing' : Buffer.from(file.subarray(0, 4)).toString('hex');
}
