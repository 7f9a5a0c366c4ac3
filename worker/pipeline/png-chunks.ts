// The chunks of a PNG and what its first one says. @see https://www.w3.org/TR/png-3/#5DataRep
import { invalid, PopserveError } from '../../registry/errors.ts';
import type { PngSamples } from './png-lines.ts';

/** Four letters as one number: a file may have millions of chunks. */
export const pngTypes = {
  IHDR: 0x49484452,
  PLTE: 0x504c5445,
  IDAT: 0x49444154,
  IEND: 0x49454e44,
  acTL: 0x6163544c,
  eXIf: 0x65584966,
};

export interface PngChunk {
  /** See {@link pngTypes}. */
  readonly type: number;
  readonly data: Uint8Array;
}

const startBytes = 8;
const frameBytes = 12;

/** Chunks that are whole, up to the end of the picture or of the file. @yields views of the file */
export function* pngChunks(file: Uint8Array): Generator<PngChunk, void, undefined> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = startBytes; at + frameBytes <= file.length; ) {
    const length = view.getUint32(at);
    const end = at + frameBytes + length;
    if (end > file.length) return;
    const type = view.getUint32(at + 4);
    yield { type, data: file.subarray(at + 8, at + 8 + length) };
    if (type === pngTypes.IEND) return;
    at = end;
  }
}

export interface PngFrame extends PngSamples {
  readonly width: number;
  readonly height: number;
  /** It comes in seven passes, each of which has some of the pixels. */
  readonly isInterlaced: boolean;
}

const colours: readonly (PngSamples['colour'] | undefined)[] = [
  'grey',
  undefined,
  'rgb',
  'palette',
  'grey-alpha',
  undefined,
  'rgba',
];

const depths: Readonly<Record<PngSamples['colour'], readonly number[]>> = {
  grey: [1, 2, 4, 8, 16],
  rgb: [8, 16],
  palette: [1, 2, 4, 8],
  'grey-alpha': [8, 16],
  rgba: [8, 16],
};

/**
 * @param name of the picture, for messages
 * @throws {PopserveError} INVALID_ARGUMENT for a header that no PNG has, UNSUPPORTED_MEDIA for grey of 16 bits
 * @see https://www.w3.org/TR/png-3/#11IHDR
 */
export function readPngFrame(file: Uint8Array, name: string): PngFrame {
  const [first] = pngChunks(file);
  if (first?.type !== pngTypes.IHDR || first.data.length !== 13) {
    throw invalid(`${name}: the PNG ends in its header, or does not begin with one`);
  }
  const { data } = first;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const [depth = 0, kind = 0, compression, filter, interlace = 0] = data.subarray(8);
  const colour = colours[kind];
  if (colour === undefined || !depths[colour].includes(depth)) {
    throw invalid(`${name}: the PNG says that it has colours of kind ${kind} in ${depth} bits, which no PNG has`);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw invalid(`${name}: the PNG is compressed, filtered or interlaced in a way that no PNG is`);
  }
  // Pillow makes all but the lowest 256 values white, other programs divide: an answer would be right for one of them.
  if (colour === 'grey' && depth === 16) {
    throw new PopserveError(
      'UNSUPPORTED_MEDIA',
      `${name}: a PNG in grey of 16 bits is not read, because programs differ in what they make of it; save it with 8 bits or in colour`,
    );
  }
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  return { width, height, colour, depth: depth as PngSamples['depth'], isInterlaced: interlace === 1 };
}
