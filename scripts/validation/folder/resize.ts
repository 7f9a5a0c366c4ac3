// Bilinear resizing with antialiasing, to the bit as Pillow does it and so torchvision for Pillow's images: the widths of the
// filter grow with the reduction, weights have 22 bits, columns come before rows and each pass is rounded to 8 bits.
// @see https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c

import type { Picture } from './decode-image.ts';

const channels = 3;
const weightBits = 22;

/** @returns the picture itself where it has this size */
export function resize(picture: Picture, width: number, height: number): Picture {
  const { width: fromWidth, height: fromHeight, rgb } = picture;
  if (fromWidth === width && fromHeight === height) return picture;
  const wide = new Uint8Array(width * fromHeight * channels);
  const across = filter(fromWidth, width);
  for (let y = 0; y < fromHeight; y++) {
    for (let x = 0; x < width; x++) {
      mix(rgb, y * fromWidth * channels, channels, across[x] ?? empty, wide, (y * width + x) * channels);
    }
  }
  const done = new Uint8Array(width * height * channels);
  const down = filter(fromHeight, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      mix(wide, x * channels, width * channels, down[y] ?? empty, done, (y * width + x) * channels);
    }
  }
  return { width, height, rgb: done };
}

/** A rectangle of the picture; it has to lie within. */
export function cut(
  { width: fromWidth, rgb }: Picture,
  left: number,
  top: number,
  width: number,
  height: number,
): Picture {
  const part = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * fromWidth + left) * channels;
    part.set(rgb.subarray(from, from + width * channels), y * width * channels);
  }
  return { width, height, rgb: part };
}

/** The pixels that make one: the first of those before, and the weight of each from there on. */
interface Taps {
  readonly first: number;
  readonly weights: Int32Array;
}

const empty: Taps = { first: 0, weights: new Int32Array() };

function filter(from: number, to: number): Taps[] {
  const scale = from / to;
  const reach = Math.max(scale, 1);
  return Array.from({ length: to }, (_, index) => {
    const centre = (index + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(from, Math.trunc(centre + reach + 0.5));
    const shares = Array.from({ length: end - first }, (_, tap) =>
      Math.max(0, 1 - Math.abs((first + tap - centre + 0.5) / reach)),
    );
    const sum = shares.reduce((total, share) => total + share, 0);
    return { first, weights: Int32Array.from(shares, (share) => Math.trunc(0.5 + (share / sum) * 2 ** weightBits)) };
  });
}

function mix(source: Uint8Array, from: number, step: number, { first, weights }: Taps, target: Uint8Array, to: number) {
  for (let channel = 0; channel < channels; channel++) {
    let sum = 1 << (weightBits - 1);
    let at = from + first * step + channel;
    for (let tap = 0; tap < weights.length; tap++, at += step) sum += (source[at] ?? 0) * (weights[tap] ?? 0);
    target[to + channel] = Math.min(255, sum >> weightBits);
  }
}
