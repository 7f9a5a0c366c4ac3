// One pass from pixels to elements: resize, crop, pad, colour, scale, normalise and layout together. Columns are mixed before rows and
// each pass is rounded to 8 bits, as Pillow does it; a picture never exists as floats.
import type { Geometry } from './geometry.ts';
import { type Pixels, pixelBytes, wordsOf } from './pixels.ts';
import { type Taps, taps, weightBits } from './resample.ts';

/** Writes an element. Its index counts in the row of the batch that is filled. */
export interface Target {
  readonly elements: { [index: number]: number; readonly length: number };
  /** Where the row begins. */
  readonly offset: number;
  readonly order: 'nchw' | 'nhwc';
  /** Pixels of a row of the target, where the batch is wider than the picture. */
  readonly width: number;
  /** The element behind a line of writing that is shorter than its batch; null: what lies around a picture has its frame's level. */
  readonly padding: number | null;
}

export interface Colours {
  /** Which byte of a pixel each channel is; null for the luma. */
  readonly channels: readonly number[] | null;
  /** What each of the 256 values of each channel becomes. */
  readonly tables: readonly ArrayLike<number>[];
}

const half = 1 << (weightBits - 1);

export function fillTensor(picture: Pixels, geometry: Geometry, colours: Colours, target: Target): void {
  const { window, at, resized, filter, result, frame } = geometry;
  const count = colours.tables.length;
  const framed = result.height * target.width > window.width * window.height;
  if (framed) fillFrame(target, result.height, colours, frame);
  const down = taps(filter, picture.height, resized.height, window.top, window.height);
  const firstRow = down.first[0] ?? 0;
  const wide = mixColumns(picture, geometry, colours.channels, firstRow, endOf(down));
  const sums = new Int32Array(window.width * count);
  const rowLength = window.width * count;
  for (let y = 0; y < window.height; y++) {
    sums.fill(half);
    const first = (down.first[y] ?? 0) - firstRow;
    const taken = down.counts[y] ?? 0;
    for (let tap = 0; tap < taken; tap++) {
      const weight = down.weights[y * down.stride + tap] ?? 0;
      const from = (first + tap) * rowLength;
      for (let index = 0; index < rowLength; index++) {
        sums[index] = (sums[index] as number) + Math.imul(weight, wide[from + index] as number);
      }
    }
    writeRow(sums, { y: at.top + y, x: at.left, width: window.width, height: result.height }, colours, target);
  }
}

/** One past the last source row that any row is made of. */
function endOf({ first, counts }: Taps): number {
  const last = first.length - 1;
  return (first[last] ?? 0) + (counts[last] ?? 0);
}

/** The rows that are needed, each resized to the width of the window, with the channels that are needed side by side. */
function mixColumns(
  { width, rgba }: Pixels,
  { filter, resized, window }: Geometry,
  channels: readonly number[] | null,
  firstRow: number,
  endRow: number,
): Uint8ClampedArray {
  const across = taps(filter, width, resized.width, window.left, window.width);
  if (channels === null) return mixGrey(rgba, width, across, window.width, firstRow, endRow);
  // A pixel is read as one word, which is faster than three bytes: its first byte is its lowest.
  const [red = 0, green = 8, blue = 16] = channels.map((channel) => channel * 8);
  const words = wordsOf(rgba);
  const { first, counts, weights, stride } = across;
  const mixed = new Uint8ClampedArray((endRow - firstRow) * window.width * 3);
  let to = 0;
  for (let y = firstRow; y < endRow; y++) {
    const row = y * width;
    for (let x = 0; x < window.width; x++) {
      let [r, g, b] = [half, half, half];
      let from = row + (first[x] as number);
      const begin = x * stride;
      const end = begin + (counts[x] as number);
      for (let tap = begin; tap < end; tap++, from++) {
        const weight = weights[tap] as number;
        const pixel = words[from] as number;
        r += Math.imul(weight, (pixel >>> red) & 255);
        g += Math.imul(weight, (pixel >>> green) & 255);
        b += Math.imul(weight, (pixel >>> blue) & 255);
      }
      mixed[to] = r >> weightBits;
      mixed[to + 1] = g >> weightBits;
      mixed[to + 2] = b >> weightBits;
      to += 3;
    }
  }
  return mixed;
}

function mixGrey(
  rgba: Pixels['rgba'],
  width: number,
  { first, counts, weights, stride }: Taps,
  toWidth: number,
  firstRow: number,
  endRow: number,
): Uint8ClampedArray {
  const mixed = new Uint8ClampedArray((endRow - firstRow) * toWidth);
  const luma = new Uint8Array(width);
  let to = 0;
  for (let y = firstRow; y < endRow; y++) {
    lumaRow(rgba, y * width * pixelBytes, luma);
    for (let x = 0; x < toWidth; x++) {
      let sum = half;
      let from = first[x] as number;
      const begin = x * stride;
      const end = begin + (counts[x] as number);
      for (let tap = begin; tap < end; tap++, from++) sum += Math.imul(weights[tap] as number, luma[from] as number);
      mixed[to++] = sum >> weightBits;
    }
  }
  return mixed;
}

/** Luma of ITU-R 601 in 16 bits, as Pillow has it. */
function lumaRow(rgba: Pixels['rgba'], from: number, luma: Uint8Array): void {
  for (let x = 0, at = from; x < luma.length; x++, at += pixelBytes) {
    const [red, green, blue] = [rgba[at] as number, rgba[at + 1] as number, rgba[at + 2] as number];
    luma[x] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
  }
}

/** @param place of the row in the result */
function writeRow(
  sums: Int32Array,
  place: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
  { tables }: Colours,
  { elements, offset, order, width }: Target,
): void {
  const count = tables.length;
  const plane = order === 'nchw' ? width * place.height : 1;
  const step = order === 'nchw' ? 1 : count;
  const start = offset + (place.y * width + place.x) * step;
  for (let channel = 0; channel < count; channel++) {
    const table = tables[channel] as ArrayLike<number>;
    let to = start + channel * plane;
    for (let from = channel; from < place.width * count; from += count, to += step) {
      elements[to] = table[clamp((sums[from] as number) >> weightBits)] as number;
    }
  }
}

function fillFrame(
  { elements, offset, order, width, padding }: Target,
  height: number,
  { tables }: Colours,
  frame: number,
): void {
  const count = tables.length;
  const pixels = width * height;
  for (let channel = 0; channel < count; channel++) {
    const value = padding ?? tables[channel]?.[frame] ?? 0;
    for (let pixel = 0; pixel < pixels; pixel++) {
      elements[offset + (order === 'nchw' ? channel * pixels + pixel : pixel * count + channel)] = value;
    }
  }
}

function clamp(value: number): number {
  return Math.max(0, Math.min(255, value));
}
