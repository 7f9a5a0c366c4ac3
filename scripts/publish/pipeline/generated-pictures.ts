// Pictures for golden vectors where no test data has any: small, and the same for every version of every model.
import { encodePng } from '../../png.ts';
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

export function paintPng(
  { width, height }: { readonly width: number; readonly height: number },
  painter: Painter,
): Uint8Array<ArrayBuffer> {
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) pixels.set(painter(x, y), (y * width + x) * 3);
  }
  return encodePng({ width, height }, 3, pixels);
}
