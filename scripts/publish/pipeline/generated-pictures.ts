// Pictures for golden vectors where no test data has any: small, and the same for every version of every model.
import { crc32, deflateSync } from 'node:zlib';
import { Random } from '../../random.ts';

const size = { width: 64, height: 48 };
const seed = 5;

/** Red, green and blue of a pixel. */
type Painter = (x: number, y: number) => readonly [number, number, number];

/** @returns PNG files, each less than 10 KB: slopes, a checkered one, circles and noise */
export function generatedPictures(): Uint8Array<ArrayBuffer>[] {
  const random = new Random(seed);
  const level = () => Math.floor(random.uniform() * 256);
  const painters: readonly Painter[] = [
    (x, y) => [(x * 4) % 256, (y * 5) % 256, 128],
    (x, y) => (((x >> 3) + (y >> 3)) % 2 === 0 ? [230, 40, 30] : [20, 60, 200]),
    (x, y) => (Math.hypot(x - 32, y - 24) % 16 < 8 ? [240, 220, 60] : [30, 120, 60]),
    () => [level(), level(), level()],
  ];
  return painters.map((painter) => paintPng(size, painter));
}

/** @see https://www.w3.org/TR/png-3/ */
export function paintPng(
  { width, height }: { readonly width: number; readonly height: number },
  painter: Painter,
): Uint8Array<ArrayBuffer> {
  const rows = Array.from({ length: height }, (_, y) => [
    0,
    ...Array.from({ length: width }, (_, x) => painter(x, y)).flat(),
  ]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const [eightBits, rgb] = [8, 2];
  header.set([eightBits, rgb, 0, 0, 0], 8);
  return new Uint8Array(
    Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      chunk('IHDR', header),
      chunk('IDAT', deflateSync(Buffer.from(rows.flat()))),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  );
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
