// PNG files of eight bits a channel, without filters: for pictures that the command makes itself.
// @see https://www.w3.org/TR/png-3/
import { crc32, deflateSync } from 'node:zlib';

const colourTypes = { 3: 2, 4: 6 } as const;

/**
 * @param channels 3 for RGB, 4 for RGBA
 * @param pixels row by row from the top left
 */
export function encodePng(
  { width, height }: { readonly width: number; readonly height: number },
  channels: 3 | 4,
  pixels: Uint8Array | Uint8ClampedArray,
): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const eightBits = 8;
  header.set([eightBits, colourTypes[channels], 0, 0, 0], 8);
  const rowLength = width * channels;
  const lines = Buffer.alloc(height * (rowLength + 1));
  for (let y = 0; y < height; y++) {
    lines.set(pixels.subarray(y * rowLength, (y + 1) * rowLength), y * (rowLength + 1) + 1);
  }
  return new Uint8Array(
    Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      chunk('IHDR', header),
      chunk('IDAT', deflateSync(lines)),
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
