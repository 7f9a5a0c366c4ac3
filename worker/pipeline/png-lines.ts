// The lines of a PNG: its filters are undone, and samples of every kind become pixels of 8 bits.

/** The kinds of samples. @see https://www.w3.org/TR/png-3/#6Colour-values */
export interface PngSamples {
  readonly colour: 'grey' | 'rgb' | 'palette' | 'grey-alpha' | 'rgba';
  readonly depth: 1 | 2 | 4 | 8 | 16;
}

const channels: Readonly<Record<PngSamples['colour'], number>> = {
  grey: 1,
  rgb: 3,
  palette: 1,
  'grey-alpha': 2,
  rgba: 4,
};

export function bitsPerPixel({ colour, depth }: PngSamples): number {
  return channels[colour] * depth;
}

/**
 * Undoes a filter in place.
 * @param before the line above without its filter; zeros above the first
 * @param distance bytes from one pixel to the next, at least 1
 * @returns false for a filter that there is not
 * @see https://www.w3.org/TR/png-3/#9Filter-types
 */
export function unfilter(filter: number, line: Uint8Array, before: Uint8Array, distance: number): boolean {
  const { length } = line;
  switch (filter) {
    case 0:
      return true;
    case 1:
      for (let at = distance; at < length; at++) line[at] = (line[at] as number) + (line[at - distance] as number);
      return true;
    case 2:
      for (let at = 0; at < length; at++) line[at] = (line[at] as number) + (before[at] as number);
      return true;
    case 3:
      for (let at = 0; at < length; at++) {
        const left = at < distance ? 0 : (line[at - distance] as number);
        line[at] = (line[at] as number) + ((left + (before[at] as number)) >> 1);
      }
      return true;
    case 4:
      unfilterPaeth(line, before, distance);
      return true;
    default:
      return false;
  }
}

/** Adds whichever of left, above and above left is nearest to left + above - above left; the earlier one of equals. */
function unfilterPaeth(line: Uint8Array, before: Uint8Array, distance: number): void {
  const first = Math.min(distance, line.length);
  for (let at = 0; at < first; at++) line[at] = (line[at] as number) + (before[at] as number);
  for (let channel = 0; channel < distance; channel++) {
    let left = line[channel] as number;
    let corner = before[channel] as number;
    for (let at = channel + distance; at < line.length; at += distance) {
      const above = before[at] as number;
      const across = above - corner;
      const down = left - corner;
      const toLeft = Math.abs(across);
      const toAbove = Math.abs(down);
      const toCorner = Math.abs(across + down);
      // A mask of ones where the difference is negative, because the processor guesses the branches of noise wrong.
      const cornerWins = (toCorner - toAbove) >> 31;
      const other = above ^ ((above ^ corner) & cornerWins);
      const toOther = toAbove + ((toCorner - toAbove) & cornerWins);
      const nearest = left ^ ((left ^ other) & ((toOther - toLeft) >> 31));
      left = ((line[at] as number) + nearest) & 255;
      line[at] = left;
      corner = above;
    }
  }
}

/** Writes the pixels of a line, each as one word: red is its lowest byte. */
export type WritePixels = (line: Uint8Array, count: number, words: Uint32Array, at: number, step: number) => void;

const opaque = 0xff000000;
const grey = 0x010101;

/** @param palette three bytes for each colour */
export function pixelWriter({ colour, depth }: PngSamples, palette: Uint8Array): WritePixels {
  if (colour === 'palette') return tableWriter(depth, paletteWords(palette));
  if (depth < 8) return tableWriter(depth, greyWords(depth));
  // Of 16 bits the higher eight, which come first.
  const sample = depth / 8;
  const pixel = sample * channels[colour];
  if (colour === 'grey' || colour === 'grey-alpha') {
    return (line, count, words, at, step) => {
      for (let from = 0, to = at; from < count * pixel; from += pixel, to += step) {
        words[to] = opaque | ((line[from] as number) * grey);
      }
    };
  }
  return (line, count, words, at, step) => {
    for (let from = 0, to = at; from < count * pixel; from += pixel, to += step) {
      const red = line[from] as number;
      const green = line[from + sample] as number;
      const blue = line[from + 2 * sample] as number;
      words[to] = opaque | (blue << 16) | (green << 8) | red;
    }
  };
}

/** Samples of up to 8 bits, the highest bits of a byte first. */
function tableWriter(depth: number, table: Uint32Array): WritePixels {
  const mask = (1 << depth) - 1;
  return (line, count, words, at, step) => {
    for (let index = 0, to = at; index < count; index++, to += step) {
      const bit = index * depth;
      const value = ((line[bit >> 3] as number) >> (8 - depth - (bit & 7))) & mask;
      words[to] = table[value] as number;
    }
  };
}

function greyWords(depth: number): Uint32Array {
  const most = (1 << depth) - 1;
  return Uint32Array.from({ length: most + 1 }, (_, value) => opaque | (Math.round((value * 255) / most) * grey));
}

/** Black where a file uses a colour that its palette does not have, as libpng does. */
function paletteWords(palette: Uint8Array): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, index) => {
    const [red = 0, green = 0, blue = 0] = palette.subarray(3 * index, 3 * index + 3);
    return opaque | (blue << 16) | (green << 8) | red;
  });
}
