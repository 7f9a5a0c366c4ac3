// Files of arrays and pictures, written from the formats' descriptions: what the readers are tested with.
import { crc32, deflateSync } from 'node:zlib';

export interface NpyParts {
  readonly descr: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  readonly fortran?: boolean;
  readonly version?: 1 | 2 | 3;
}

/** @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
export function npy({ descr, shape, data, fortran = false, version = 1 }: NpyParts): Buffer {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const order = fortran ? 'True' : 'False';
  const header = `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': (${tuple}), }`;
  const before = version === 1 ? 10 : 12;
  const padded = `${header}${' '.repeat(63 - ((before + header.length) % 64))}\n`;
  const length = Buffer.alloc(before - 8);
  if (version === 1) length.writeUInt16LE(padded.length);
  else length.writeUInt32LE(padded.length);
  return Buffer.concat([
    Buffer.from(`\x93NUMPY${String.fromCharCode(version, 0)}`, 'latin1'),
    length,
    Buffer.from(padded),
    data,
  ]);
}

export function floatsNpy(shape: readonly number[], values: ArrayLike<number>): Buffer {
  return npy({ descr: "'<f4'", shape, data: new Uint8Array(Float32Array.from(values).buffer) });
}

export type Pixel = (x: number, y: number) => readonly number[];

/** Grey, grey with alpha, RGB or RGBA by what a pixel has; without filters. @see https://www.w3.org/TR/png-3/ */
export function png(width: number, height: number, pixel: Pixel, depth: 8 | 16 = 8): Buffer {
  const colours = [0, 0, 4, 2, 6][pixel(0, 0).length] ?? 0;
  const lines = Array.from({ length: height }, (_, y) => [
    0,
    ...Array.from({ length: width }, (_, x) =>
      pixel(x, y).flatMap((value) => (depth === 8 ? [value] : [value, value])),
    ).flat(),
  ]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colours, 0, 0, 0], 8);
  const magic = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    magic,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.from(lines.flat()))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
