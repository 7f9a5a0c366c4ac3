// A decoded picture, before anything was done with it.

/** Four bytes a pixel, row by row from the top left: red, green, blue, and a fourth that nobody reads. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array | Uint8ClampedArray;
}

export const pixelBytes = 4;

/** A pixel at a time. */
export function wordsOf(rgba: Pixels['rgba']): Uint32Array {
  const bytes = rgba.byteOffset % pixelBytes === 0 ? rgba : rgba.slice();
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / pixelBytes);
}
