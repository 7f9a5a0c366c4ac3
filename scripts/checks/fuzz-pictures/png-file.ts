// Writes PNG files of every kind that there is, from their description: what decoders are tried with.
import { crc32, deflateSync } from 'node:zlib';

export interface PngParts {
  readonly width: number;
  readonly height: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
  readonly colour: 0 | 2 | 3 | 4 | 6;
  readonly depth: 1 | 2 | 4 | 8 | 16;
  /** A value of `depth` bits. */
  readonly sample: (x: number, y: number, channel: number) => number;
  readonly palette?: Uint8Array;
  readonly isInterlaced?: boolean;
  /** The filter of a line, 0 to 4. */
  readonly filter?: (row: number) => number;
  /** Chunks between the header and the data. */
  readonly before?: readonly Uint8Array[];
  /** Bytes behind the lines, within the compressed data. */
  readonly surplus?: Uint8Array;
  /** Bytes of each data chunk; all in one by default. */
  readonly dataBytes?: number;
}

const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Left, top, step across, step down. @see https://www.w3.org/TR/png-3/#8InterlaceMethods */
const passes = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

const start = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** @see https://www.w3.org/TR/png-3/ */
export function pngFile(parts: PngParts): Uint8Array<ArrayBuffer> {
  const { width, height, colour, depth, palette, isInterlaced = false, before = [], surplus } = parts;
  const raw = Buffer.concat([...(isInterlaced ? passes : [[0, 0, 1, 1] as const]).map((pass) => lines(parts, pass))]);
  const data = deflateSync(surplus === undefined ? raw : Buffer.concat([raw, surplus]), { level: 9 });
  const size = parts.dataBytes ?? Math.max(1, data.length);
  const pieces: Buffer[] = [];
  for (let at = 0; at < data.length; at += size) pieces.push(pngChunk('IDAT', data.subarray(at, at + size)));
  return new Uint8Array(
    Buffer.concat([
      start,
      pngChunk('IHDR', pngHeaderData({ width, height, colour, depth, isInterlaced })),
      ...(palette === undefined ? [] : [pngChunk('PLTE', palette)]),
      ...before,
      ...pieces,
      pngChunk('IEND', new Uint8Array()),
    ]),
  );
}

export function pngHeaderData(
  header: Pick<PngParts, 'width' | 'height'> & { colour: number; depth: number; isInterlaced?: boolean },
): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(header.width, 0);
  data.writeUInt32BE(header.height, 4);
  data.set([header.depth, header.colour, 0, 0, header.isInterlaced ? 1 : 0], 8);
  return data;
}

export function pngChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

function lines(parts: PngParts, [left, top, across, down]: readonly [number, number, number, number]): Buffer {
  const { width, height, depth, colour, sample, filter = () => 0 } = parts;
  const columns = Math.ceil(Math.max(0, width - left) / across);
  const rows = columns === 0 ? 0 : Math.ceil(Math.max(0, height - top) / down);
  const bits = channels[colour] * depth;
  const bytes = Math.ceil((columns * bits) / 8);
  const written: Buffer[] = [];
  let above: Buffer = Buffer.alloc(bytes);
  for (let row = 0; row < rows; row++) {
    const line = Buffer.alloc(bytes);
    for (let index = 0; index < columns * channels[colour]; index++) {
      const column = Math.floor(index / channels[colour]);
      const value = sample(left + column * across, top + row * down, index % channels[colour]) & (2 ** depth - 1);
      if (depth === 16) line.writeUInt16BE(value, 2 * index);
      else {
        const bit = index * depth;
        line[bit >> 3] = (line[bit >> 3] ?? 0) | (value << (8 - depth - (bit & 7)));
      }
    }
    const kind = filter(row);
    written.push(Buffer.from([kind]), filtered(kind, line, above, Math.max(1, bits / 8)));
    above = line;
  }
  return Buffer.concat(written);
}

/** @see https://www.w3.org/TR/png-3/#9Filter-types */
function filtered(kind: number, line: Buffer, above: Buffer, distance: number): Buffer {
  return Buffer.from(
    line.map((value, at) => {
      const a = at < distance ? 0 : (line[at - distance] ?? 0);
      const b = above[at] ?? 0;
      const c = at < distance ? 0 : (above[at - distance] ?? 0);
      return value - ([0, a, b, (a + b) >> 1, paeth(a, b, c)][kind] ?? 0);
    }),
  );
}

function paeth(a: number, b: number, c: number): number {
  const p = a + b - c;
  const [toA, toB, toC] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  if (toA <= toB && toA <= toC) return a;
  return toB <= toC ? b : c;
}
