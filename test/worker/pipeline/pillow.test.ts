// What the decoders make of pictures of every kind, against what Pillow makes of the same files.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PngParts, pngFile } from '../../../scripts/checks/fuzz-pictures/png-file.ts';
import { decodeImage } from '../../../scripts/validation/folder/decode-image.ts';
import { orient } from '../../../worker/pipeline/orient.ts';
import { readPictureHeader } from '../../../worker/pipeline/picture-header.ts';

const script = fileURLToPath(new URL('pillow_pictures.py', import.meta.url));
/** Debian's own Python has Debian's python3-pil, whatever `python3` is. */
const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', 'import PIL, numpy'], { stdio: 'ignore' }).status === 0,
);

/** Every kind of PNG, of which Pillow writes only some. */
function pngKinds(): Record<string, Uint8Array> {
  const kinds: Record<string, Uint8Array> = {};
  const palette = Uint8Array.from({ length: 3 * 256 }, (_, index) => (index * 89) % 256);
  const add = (name: string, parts: Pick<PngParts, 'colour' | 'depth'> & Partial<PngParts>) => {
    const sample = (x: number, y: number, channel: number) => x * (31 + channel) * 13 + y * 77 + ((x * y) >> 2);
    const entries = parts.colour === 3 ? { palette: palette.subarray(0, 3 * 2 ** parts.depth) } : {};
    for (const isInterlaced of [false, true]) {
      for (const [width, height] of [[23, 17] as const, [1, 1] as const, [3, 2] as const]) {
        const all = { width, height, sample, isInterlaced, filter: (row: number) => row % 5, ...entries, ...parts };
        kinds[`${name}-${width}x${height}${isInterlaced ? '-interlaced' : ''}.png`] = pngFile(all);
      }
    }
  };
  for (const depth of [1, 2, 4, 8] as const) add(`grey-of-${depth}`, { colour: 0, depth });
  for (const depth of [1, 2, 4, 8] as const) add(`palette-of-${depth}`, { colour: 3, depth });
  for (const colour of [2, 4, 6] as const)
    for (const depth of [8, 16] as const) add(`kind-${colour}-of-${depth}`, { colour, depth });
  add('small-chunks', { colour: 2, depth: 8, dataBytes: 7 });
  add('surplus', { colour: 2, depth: 8, surplus: new Uint8Array(100_000) });
  return kinds;
}

describe.skipIf(python === undefined)('Pillow (skipped without python3 with PIL and NumPy)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pillow-'));
  beforeAll(() => {
    for (const [name, file] of Object.entries(pngKinds())) writeFileSync(join(folder, name), file);
    const { status, stderr } = spawnSync(python ?? '', [script, folder], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ['.png', 0, 90],
    ['lossless.webp', 0, 1],
    ['lossless-alpha.webp', 0, 1],
    ['lossy.webp', 2, 1],
    ['.jpg', 2, 25],
  ])('%s: at most %i of 255 apart', async (ending, most, atLeast) => {
    const names = readdirSync(folder).filter((name) => name.endsWith(ending));
    expect(names.length).toBeGreaterThanOrEqual(atLeast);
    for (const name of names)
      expect([name, await apart(name)]).toEqual([name, expect.toSatisfy((value) => value <= most)]);
  });

  test('pictures that are turned by their EXIF data', async () => {
    for (const kind of ['jpg', 'png', 'webp']) {
      for (let orientation = 0; orientation < 10; orientation++) {
        const name = `turned-${orientation}.${kind}`;
        expect([name, await apart(name)]).toEqual([
          name,
          expect.toSatisfy((value) => value <= (kind === 'jpg' ? 2 : 0)),
        ]);
      }
    }
  });

  /** The largest difference of a channel of a pixel, both upright. */
  async function apart(name: string): Promise<number> {
    const file = new Uint8Array(readFileSync(join(folder, name)));
    const { width, height, rgba } = orient(await decodeImage(file, name), readPictureHeader(file).orientation);
    const expected = readFileSync(join(folder, `${name}.rgb`));
    expect([name, width, height]).toEqual([name, expected.readUInt32LE(0), expected.readUInt32LE(4)]);
    let most = 0;
    for (let pixel = 0; pixel < width * height; pixel++) {
      for (let channel = 0; channel < 3; channel++) {
        const difference = (rgba[4 * pixel + channel] ?? 0) - (expected[8 + 3 * pixel + channel] ?? 0);
        most = Math.max(most, Math.abs(difference));
      }
    }
    return most;
  }
});
