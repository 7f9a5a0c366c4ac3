// What a picture's first bytes say: format, size, orientation. Read before anything is decoded, so that a small file cannot ask for
// much memory, and whatever name or type the file came with.
import { invalid, PopserveError } from '../../registry/errors.ts';
import type { PictureFormat } from '../../registry/pipeline/image-input.ts';
import { exifOrientation, type Orientation } from './exif.ts';
import { pngChunks, pngTypes, readPngFrame } from './png-chunks.ts';

export interface PictureHeader {
  readonly format: PictureFormat;
  /** Before the picture is turned as its EXIF data say. */
  readonly width: number;
  readonly height: number;
  readonly orientation: Orientation;
  /** A progressive JPEG comes in several passes over the whole picture, which its decoder holds as well. */
  readonly inPasses: boolean;
}

const pngStart = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * @param name of the picture, for messages
 * @throws {PopserveError} INVALID_ARGUMENT for bytes that are no picture or one that ends early, UNSUPPORTED_MEDIA for a kind of
 *   picture that is not read, TOO_LARGE for a side that is too long
 */
export function readPictureHeader(file: Uint8Array, name = 'decode'): PictureHeader {
  if (pngStart.every((byte, index) => file[index] === byte)) return pngHeader(file, name);
  if (file[0] === 0xff && file[1] === 0xd8) return jpegHeader(file, name);
  if (textAt(file, 0, 'RIFF') && textAt(file, 8, 'WEBP')) return webpHeader(file, name);
  const got = file.length === 0 ? 'no bytes' : `bytes that start with ${hexOf(file.subarray(0, 8))}`;
  throw invalid(`${name}: expected a JPEG, a PNG or a WebP, got ${got}`);
}

/** Whether bytes begin as a picture that is read does: no JSON and no text does so. */
export function isPicture(bytes: Uint8Array): boolean {
  if (pngStart.every((byte, index) => bytes[index] === byte)) return true;
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return true;
  return textAt(bytes, 0, 'RIFF') && textAt(bytes, 8, 'WEBP');
}

function pngHeader(file: Uint8Array, name: string): PictureHeader {
  const { width, height } = readPngFrame(file, name);
  requireSize(width, height, 'PNG', name);
  let orientation: Orientation | undefined;
  for (const { type, data } of pngChunks(file)) {
    if (type === pngTypes.acTL) throw unsupported(`${name}: an animated PNG is not read; send one of its pictures`);
    if (type === pngTypes.eXIf) orientation ??= exifOrientation(data);
    if (type === pngTypes.IEND) return { format: 'png', width, height, orientation: orientation ?? 1, inPasses: false };
  }
  throw invalid(`${name}: the PNG ends after ${file.length} bytes, without its end`);
}

/** @see https://www.w3.org/Graphics/JPEG/itu-t81.pdf annex B: markers, and the frame header behind SOF */
function jpegHeader(file: Uint8Array, name: string): PictureHeader {
  const view = viewOf(file);
  // Where there are several, other programs take the first as well.
  let orientation: Orientation | undefined;
  for (let at = 2; at + 9 < file.length && file[at] === 0xff; ) {
    const marker = file[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    // Decoders take these for markers without a length and read on inside the segment that would be skipped here: they would find
    // another frame than this one.
    if (hasNoLength(marker)) {
      throw invalid(
        `${name}: the JPEG has the marker ff ${hexOf(file.subarray(at + 1, at + 2))} before its frame, where none may be`,
      );
    }
    if (isFrame(marker)) {
      if (marker > 0xc2) {
        throw unsupported(
          `${name}: a JPEG that is lossless, hierarchical or arithmetically coded is not read; save it as baseline or progressive`,
        );
      }
      const [depth, components] = [file[at + 4] ?? 0, file[at + 9] ?? 0];
      if (depth !== 8) throw unsupported(`${name}: a JPEG of ${depth} bits is not read; save it with 8 bits`);
      if (components !== 1 && components !== 3) {
        const kind = components === 4 ? ' (CMYK)' : '';
        throw unsupported(`${name}: a JPEG of ${components} components${kind} is not read; save it in RGB or grey`);
      }
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      requireSize(width, height, 'JPEG', name);
      // A decoder fills up what is missing with grey and says nothing.
      if (!hasEnd(file, at)) throw invalid(`${name}: the JPEG ends after ${file.length} bytes, without its end`);
      const inPasses = countScans(file, at, name) > 1 || marker === 0xc2;
      return { format: 'jpeg', width, height, orientation: orientation ?? 1, inPasses };
    }
    const length = view.getUint16(at + 2);
    if (marker === 0xe1 && textAt(file, at + 4, 'Exif\0\0')) {
      orientation ??= exifOrientation(file.subarray(at + 10, at + 2 + length));
    }
    at += 2 + length;
  }
  throw invalid(`${name}: expected a JPEG, found no frame in its ${file.length} bytes`);
}

/** SOF0 to SOF15 without those that are tables. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** FF 00 is a byte of data; TEM, the restart markers, the start and the end of an image stand alone. */
function hasNoLength(marker: number): boolean {
  return marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd9);
}

/** Each scan goes over the whole picture, however few bytes it has. Ten are usual. */
const maxScans = 100;

/** Within data FF is written as FF 00, so that FF DA always is the start of a scan. */
function countScans(file: Uint8Array, from: number, name: string): number {
  let scans = 0;
  for (let at = from; at < file.length; at++) if (file[at] === 0xff && file[at + 1] === 0xda) scans += 1;
  if (scans <= maxScans) return scans;
  throw unsupported(`${name}: the JPEG has ${scans} scans, the limit is ${maxScans}; save it anew`);
}

function hasEnd(file: Uint8Array, from: number): boolean {
  for (let at = file.length - 2; at > from; at--) if (file[at] === 0xff && file[at + 1] === 0xd9) return true;
  return false;
}

/** @see https://developers.google.com/speed/webp/docs/riff_container */
function webpHeader(file: Uint8Array, name: string): PictureHeader {
  const view = viewOf(file);
  if (file.length < 30) throw invalid(`${name}: the WebP ends in its header`);
  const declared = view.getUint32(4, true) + 8;
  if (declared > file.length) throw invalid(`${name}: the WebP ends after ${file.length} of ${declared} bytes`);
  if (textAt(file, 12, 'VP8 ')) {
    return webp(view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff, 1, name);
  }
  if (textAt(file, 12, 'VP8L')) {
    const bits = view.getUint32(21, true);
    return webp((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1, 1, name);
  }
  if (!textAt(file, 12, 'VP8X'))
    throw invalid(`${name}: expected a WebP, found no picture in its ${file.length} bytes`);
  const animated = 0x02;
  if (((file[20] ?? 0) & animated) !== 0) {
    throw unsupported(`${name}: an animated WebP is not read; send one of its pictures`);
  }
  let orientation: Orientation | undefined;
  for (let at = 30; at + 8 <= declared; ) {
    const length = view.getUint32(at + 4, true);
    if (textAt(file, at, 'EXIF')) orientation ??= exifOrientation(file.subarray(at + 8, at + 8 + length));
    at += 8 + length + (length % 2);
  }
  return webp(uint24(view, 24) + 1, uint24(view, 27) + 1, orientation ?? 1, name);
}

function webp(width: number, height: number, orientation: Orientation, name: string): PictureHeader {
  requireSize(width, height, 'WebP', name);
  return { format: 'webp', width, height, orientation, inPasses: false };
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) + view.getUint8(at + 2) * 65_536;
}

/** Only a PNG can be longer. Its decoder holds several lines at a time, which for such a picture are more than the picture. */
const maxSide = 65_535;

function requireSize(width: number, height: number, kind: string, name: string): void {
  if (width === 0 || height === 0) throw invalid(`${name}: the ${kind} says that it has ${width}x${height} pixels`);
  if (width <= maxSide && height <= maxSide) return;
  throw new PopserveError(
    'TOO_LARGE',
    `${name}: the ${kind} has ${width}x${height} pixels, a side may have ${maxSide}`,
  );
}

function unsupported(message: string): PopserveError {
  return new PopserveError('UNSUPPORTED_MEDIA', message);
}

function textAt(file: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (file[at + index] !== text.charCodeAt(index)) return false;
  return true;
}

function viewOf(file: Uint8Array): DataView {
  return new DataView(file.buffer, file.byteOffset, file.byteLength);
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
