// PNG of every kind, size and filter, against the samples that they were written from.
import * as fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { type PngParts, pngFile } from '../../../scripts/checks/fuzz-pictures/png-file.ts';
import { decodePng, pngDecodingBytes } from '../../../worker/pipeline/decode-png.ts';
import { readPngFrame } from '../../../worker/pipeline/png-chunks.ts';

const kinds: readonly Pick<PngParts, 'colour' | 'depth'>[] = [
  ...([1, 2, 4, 8] as const).map((depth) => ({ colour: 0 as const, depth })),
  ...([1, 2, 4, 8] as const).map((depth) => ({ colour: 3 as const, depth })),
  ...([2, 4, 6] as const).flatMap((colour) => ([8, 16] as const).map((depth) => ({ colour, depth }))),
];
const palette = Uint8Array.from({ length: 3 * 256 }, (_, index) => (index * 89) % 256);

/** Red, green and blue of a pixel, as the specification has them. */
function expected({ colour, depth, sample }: PngParts, x: number, y: number): number[] {
  const value = (channel: number) => sample(x, y, channel) & (2 ** depth - 1);
  const level = (channel: number) =>
    depth === 16 ? value(channel) >> 8 : Math.round((value(channel) * 255) / (2 ** depth - 1));
  if (colour === 3) return [...palette.subarray(3 * value(0), 3 * value(0) + 3)];
  return colour === 0 || colour === 4 ? [level(0), level(0), level(0)] : [level(0), level(1), level(2)];
}

const pictures = fc
  .record({
    kind: fc.constantFrom(...kinds),
    width: fc.integer({ min: 1, max: 20 }),
    height: fc.integer({ min: 1, max: 20 }),
    isInterlaced: fc.boolean(),
    filters: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 7 }),
    factors: fc.tuple(fc.integer({ min: 0, max: 70_000 }), fc.integer({ min: 0, max: 70_000 })),
    dataBytes: fc.integer({ min: 1, max: 400 }),
    surplus: fc.constantFrom(0, 0, 5, 100_000),
  })
  .map(({ kind, filters, factors: [a, b], surplus, ...rest }) => ({
    ...kind,
    ...rest,
    sample: (x: number, y: number, channel: number) => (x * a + y * b + x * y * 31 + channel * 5003) >>> 0,
    filter: (row: number) => filters[row % filters.length] ?? 0,
    surplus: new Uint8Array(surplus),
    ...(kind.colour === 3 ? { palette } : {}),
  }));

test('every pixel of every kind', async () => {
  await fc.assert(
    fc.asyncProperty(pictures, async (parts) => {
      const { width, height, rgba } = await decodePng(pngFile(parts));
      expect([width, height]).toEqual([parts.width, parts.height]);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const at = 4 * (y * width + x);
          expect([x, y, ...rgba.subarray(at, at + 3)]).toEqual([x, y, ...expected(parts, x, y)]);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('a colour that the palette does not have is black', async () => {
  const file = pngFile({ width: 1, height: 1, colour: 3, depth: 8, sample: () => 9, palette: palette.subarray(0, 9) });
  expect([...(await decodePng(file)).rgba]).toEqual([0, 0, 0, 255]);
});

const { DecompressionStream: Real } = globalThis;
afterEach(() => {
  globalThis.DecompressionStream = Real;
});

test('what follows the lines is not inflated', async () => {
  let read = 0;
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      read += piece.length;
      controller.enqueue(piece);
    },
  });
  globalThis.DecompressionStream = class {
    readonly readable: ReadableStream;
    readonly writable: WritableStream;
    constructor() {
      const real = new Real('deflate');
      this.writable = real.writable;
      this.readable = real.readable.pipeThrough(count);
    }
  } as unknown as typeof Real;
  const surplus = new Uint8Array(100 * 1_048_576);
  const file = pngFile({ width: 300, height: 200, colour: 2, depth: 8, sample: (x, y) => x * y, surplus });
  await decodePng(file);
  const promised = 200 * 901;
  expect(read).toBeGreaterThanOrEqual(promised);
  // One slice of 4 KiB further at most.
  expect(read).toBeLessThan(promised + 2 * 4096 * 1032);
});

test('memory is asked for by the pixels, not by the file', () => {
  const bytes = (changes: Partial<PngParts>) =>
    pngDecodingBytes(
      readPngFrame(pngFile({ width: 200, height: 100, colour: 2, depth: 8, sample: () => 1, ...changes }), 'x'),
    );
  const pixels = 200 * 100;
  expect(bytes({})).toBeGreaterThan(4 * pixels + 2 * 3 * pixels);
  expect(bytes({})).toBeLessThan(11 * pixels);
  expect(bytes({ surplus: new Uint8Array(1_000_000) })).toBe(bytes({}));
});
