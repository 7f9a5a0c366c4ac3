// From pixels to elements. Columns are mixed before rows and each pass is rounded to 8 bits, as Pillow does it. What is left of a picture
// then waits for the run in a byte a channel, and becomes numbers only where the model reads them.
import type { Geometry, Size } from './geometry.ts';
import { type Pixels, pixelBytes, wordsOf } from './pixels.ts';
import { groupSize, groupTaps, type Taps, taps, weightBits } from './resample.ts';

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

/**
 * Memory that {@link resizeWindow} takes for a while: the rows that are needed, resized to the width of the window. They are most of it
 * for a narrow picture of many lines.
 */
export function resizingBytes({ height }: Size, { window, resized, filter }: Geometry, channels: number): number {
  const down = taps(filter, height, resized.height, window.top, window.height);
  return (endOf(down) - (down.first[0] ?? 0)) * window.width * channels;
}

/**
 * The steps resize and crop: what is seen of the picture, in 8 bits as Pillow rounds it.
 * @returns the window of the geometry, row by row, its channels side by side
 */
export function resizeWindow(picture: Pixels, geometry: Geometry, { channels, tables }: Colours): Uint8ClampedArray {
  const { window, resized, filter } = geometry;
  const down = taps(filter, picture.height, resized.height, window.top, window.height);
  const firstRow = down.first[0] ?? 0;
  const wide = mixColumns(picture, geometry, channels, firstRow, endOf(down));
  const rowLength = window.width * tables.length;
  const sums = new Int32Array(rowLength);
  const levels = new Uint8ClampedArray(rowLength * window.height);
  for (let y = 0; y < window.height; y++) {
    sums.fill(half);
    const first = (down.first[y] ?? 0) - firstRow;
    const end = first + (down.counts[y] ?? 0);
    const weight = (row: number) => (row < end ? (down.weights[y * down.stride + row - first] ?? 0) : 0);
    // Four rows at a time, of which the last ones may weigh nothing: a sum is written once for all of them.
    for (let row = first; row < end; row += rowsAtOnce) {
      const [a, b, c, d] = [row, row + 1, row + 2, row + 3].map((each) => Math.min(each, end - 1) * rowLength);
      addRows(
        sums,
        wide,
        [a ?? 0, b ?? 0, c ?? 0, d ?? 0],
        [weight(row), weight(row + 1), weight(row + 2), weight(row + 3)],
      );
    }
    const to = y * rowLength;
    for (let index = 0; index < rowLength; index++) levels[to + index] = (sums[index] as number) >> weightBits;
  }
  return levels;
}

/** The steps pad, scale, normalise and layout: writes the elements of a picture. @param levels from {@link resizeWindow} */
export function writeElements(levels: Uint8ClampedArray, geometry: Geometry, colours: Colours, target: Target): void {
  const { window, at, result, frame } = geometry;
  const { tables } = colours;
  const { elements, offset, order, width } = target;
  if (result.height * width > window.width * window.height) fillFrame(target, result.height, colours, frame);
  const count = tables.length;
  const plane = order === 'nchw' ? width * result.height : 1;
  const step = order === 'nchw' ? 1 : count;
  for (let channel = 0; channel < count; channel++) {
    const table = tables[channel] as ArrayLike<number>;
    for (let y = 0; y < window.height; y++) {
      let to = offset + ((at.top + y) * width + at.left) * step + channel * plane;
      const end = (y + 1) * window.width * count;
      for (let from = y * window.width * count + channel; from < end; from += count, to += step) {
        elements[to] = table[levels[from] as number] as number;
      }
    }
  }
}

/** Rows that are summed at a time, and lines that are mixed at a time. */
const rowsAtOnce = 4;
const linesAtOnce = 8;

type Four = readonly [number, number, number, number];

function addRows(sums: Int32Array, wide: Uint8ClampedArray, [a, b, c, d]: Four, [wa, wb, wc, wd]: Four): void {
  for (let index = 0; index < sums.length; index++) {
    sums[index] =
      (sums[index] as number) +
      Math.imul(wa, wide[a + index] as number) +
      Math.imul(wb, wide[b + index] as number) +
      Math.imul(wc, wide[c + index] as number) +
      Math.imul(wd, wide[d + index] as number);
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
  const groups = groupTaps(across, width);
  const [red, green, blue] = [0, 1, 2].map((channel) => channels.indexOf(channel)) as [number, number, number];
  // A pixel is read as one word, which is faster than three bytes: its first byte is its lowest.
  const words = wordsOf(rgba);
  const { first, weights, stride } = groups;
  const mixed = new Uint8ClampedArray((endRow - firstRow) * window.width * 3);
  const line = window.width * 3;
  // Some rows at a time, so that the weights of a column are read once for all of them.
  for (let top = firstRow; top < endRow; top += linesAtOnce) {
    const bottom = Math.min(endRow, top + linesAtOnce);
    for (let x = 0; x < window.width; x++) {
      const begin = x * stride;
      const w0 = weights[begin] as number;
      const w1 = weights[begin + 1] as number;
      const w2 = weights[begin + 2] as number;
      const w3 = weights[begin + 3] as number;
      for (let y = top; y < bottom; y++) {
        const from = y * width + (first[x] as number);
        let pixel = words[from] as number;
        let r = half + Math.imul(w0, pixel & 255);
        let g = half + Math.imul(w0, (pixel >> 8) & 255);
        let b = half + Math.imul(w0, (pixel >> 16) & 255);
        pixel = words[from + 1] as number;
        r += Math.imul(w1, pixel & 255);
        g += Math.imul(w1, (pixel >> 8) & 255);
        b += Math.imul(w1, (pixel >> 16) & 255);
        pixel = words[from + 2] as number;
        r += Math.imul(w2, pixel & 255);
        g += Math.imul(w2, (pixel >> 8) & 255);
        b += Math.imul(w2, (pixel >> 16) & 255);
        pixel = words[from + 3] as number;
        r += Math.imul(w3, pixel & 255);
        g += Math.imul(w3, (pixel >> 8) & 255);
        b += Math.imul(w3, (pixel >> 16) & 255);
        for (let tap = groupSize; tap < stride; tap++) {
          const weight = weights[begin + tap] as number;
          pixel = words[from + tap] as number;
          r += Math.imul(weight, pixel & 255);
          g += Math.imul(weight, (pixel >> 8) & 255);
          b += Math.imul(weight, (pixel >> 16) & 255);
        }
        const to = (y - firstRow) * line + x * 3;
        mixed[to + red] = r >> weightBits;
        mixed[to + green] = g >> weightBits;
        mixed[to + blue] = b >> weightBits;
      }
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
