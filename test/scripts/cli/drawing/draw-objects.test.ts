// Boxes and letters on a copy of a picture.
import { expect, test } from 'vitest';
import { drawObjects } from '../../../../scripts/cli/drawing/draw-objects.ts';
import { glyphHeight, glyphWidth, isDot } from '../../../../scripts/cli/drawing/font.ts';

const [width, height] = [80, 60];
const grey = { width, height, rgba: new Uint8Array(width * height * 4).fill(100) };
const box = { xmin: 10.2, ymin: 20.7, xmax: 49.5, ymax: 50.1 };

function at(picture: typeof grey | ReturnType<typeof drawObjects>, x: number, y: number): number[] {
  return [...picture.rgba.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)];
}

test('a box is framed around its pixels, and its label stands above it', () => {
  const drawn = drawObjects(grey, [{ label: 'cat', score: 0.5, box }]);
  const colour = at(drawn, 10, 20);
  expect(colour).not.toEqual([100, 100, 100, 255]);
  for (const [x, y] of [
    [49, 20],
    [10, 50],
    [49, 50],
    [30, 50],
  ] as const) {
    expect(at(drawn, x, y)).toEqual(colour);
  }
  for (const [x, y] of [
    [30, 35],
    [50, 35],
    [30, 51],
  ] as const) {
    expect(at(drawn, x, y)).toEqual([100, 100, 100, 255]);
  }
  const letters = Array.from({ length: 10 * 49 }, (_, index) =>
    at(drawn, 10 + (index % 49), 10 + Math.floor(index / 49)),
  );
  expect(letters.filter(([red]) => red === 255).length).toBeGreaterThan(40);
  expect(at(grey, 10, 20)).toEqual([100, 100, 100, 100]);
});

test('boxes beyond the picture are cut at its edges', () => {
  const around = { xmin: -5, ymin: -5, xmax: width + 9, ymax: height + 9 };
  const drawn = drawObjects(grey, [{ label: 'a label that is wider than the picture', score: 1, box: around }]);
  expect(drawn.rgba.length).toBe(grey.rgba.length);
});

test('letters are five by eight dots, and those beyond ASCII are question marks', () => {
  const draw = (character: string) =>
    Array.from({ length: glyphHeight }, (_, y) =>
      Array.from({ length: glyphWidth }, (__, x) => (isDot(character, x, y) ? '#' : '.')).join(''),
    );
  expect(draw('F')).toEqual(['#####', '#....', '#....', '####.', '#....', '#....', '#....', '.....']);
  expect(draw('~')).not.toEqual(draw(' '));
  expect(draw('猫')).toEqual(draw('?'));
});
