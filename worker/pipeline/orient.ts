// The step `orient`: turns and mirrors a picture as its EXIF data say.
import type { Orientation } from './exif.ts';
import { type Pixels, wordsOf } from './pixels.ts';

/** @returns the picture itself where it stands upright already */
export function orient(picture: Pixels, orientation: Orientation): Pixels {
  if (orientation === 1) return picture;
  const { width, height, rgba } = picture;
  const isTurned = orientation >= 5;
  const [toWidth, toHeight] = isTurned ? [height, width] : [width, height];
  const source = wordsOf(rgba);
  const target = new Uint32Array(width * height);
  for (let y = 0; y < toHeight; y++) {
    for (let x = 0; x < toWidth; x++) {
      const [fromX, fromY] = origin(orientation, x, y, width, height);
      target[y * toWidth + x] = source[fromY * width + fromX] ?? 0;
    }
  }
  return { width: toWidth, height: toHeight, rgba: new Uint8Array(target.buffer) };
}

/** Where the pixel that is to be seen at (x, y) lies in the file. */
function origin(orientation: Orientation, x: number, y: number, width: number, height: number): [number, number] {
  switch (orientation) {
    case 1:
      return [x, y];
    case 2:
      return [width - 1 - x, y];
    case 3:
      return [width - 1 - x, height - 1 - y];
    case 4:
      return [x, height - 1 - y];
    case 5:
      return [y, x];
    case 6:
      return [y, height - 1 - x];
    case 7:
      return [width - 1 - y, height - 1 - x];
    case 8:
      return [width - 1 - y, x];
  }
}
