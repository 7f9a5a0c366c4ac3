// A copy of a picture with boxes and their labels drawn on it.
import type { DetectedObject } from '../../../registry/api/task-answers.ts';
import { type Pixels, pixelBytes } from '../../../worker/pipeline/pixels.ts';
import { glyphHeight, glyphWidth, isDot } from './font.ts';

type Colour = readonly [red: number, green: number, blue: number];

/** Far apart from each other, and dark enough for white letters. */
const palette: readonly Colour[] = [
  [200, 30, 30],
  [20, 110, 200],
  [20, 130, 60],
  [170, 60, 190],
  [190, 90, 0],
  [0, 125, 135],
  [120, 80, 40],
  [90, 90, 200],
];
const white: Colour = [255, 255, 255];

/** A picture of this many pixels at its shorter side gets lines of one pixel more. */
const sidePerDot = 320;

/**
 * @param objects boxes in pixels of the picture, the highest score first: that one is drawn last
 * @returns pixels without transparency
 */
export function drawObjects(picture: Pixels, objects: readonly DetectedObject[]): Pixels {
  const canvas = new Canvas(picture);
  const dot = 1 + Math.round(Math.min(picture.width, picture.height) / sidePerDot);
  const labels = [...new Set(objects.map(({ label }) => label))];
  for (const object of objects.toReversed()) {
    const colour = palette[labels.indexOf(object.label) % palette.length] ?? white;
    const [left, top] = [Math.floor(object.box.xmin), Math.floor(object.box.ymin)];
    const [right, bottom] = [Math.ceil(object.box.xmax), Math.ceil(object.box.ymax)];
    canvas.frame(left, top, right, bottom, dot, colour);
    const size = Math.max(1, dot - 1);
    const text = `${object.label} ${object.score.toFixed(2)}`;
    const [width, height] = [(text.length * (glyphWidth + 1) + 1) * size, (glyphHeight + 2) * size];
    // Above the box, or within it where there is no room above; never beyond the picture.
    const y = top >= height ? top - height : top;
    const x = Math.max(0, Math.min(left, picture.width - width));
    canvas.fill(x, y, x + width, y + height, colour);
    canvas.write(text, x + size, y + size, size);
  }
  return canvas.pixels;
}

class Canvas {
  readonly pixels: Pixels;

  constructor({ width, height, rgba }: Pixels) {
    const copy = rgba.slice();
    for (let at = pixelBytes - 1; at < copy.length; at += pixelBytes) copy[at] = 255;
    this.pixels = { width, height, rgba: copy };
  }

  /** @param right the first column that is left out; bottom: the first row */
  fill(left: number, top: number, right: number, bottom: number, colour: Colour): void {
    const { width, height, rgba } = this.pixels;
    for (let y = Math.max(0, top); y < Math.min(height, bottom); y++) {
      for (let x = Math.max(0, left); x < Math.min(width, right); x++) rgba.set(colour, (y * width + x) * pixelBytes);
    }
  }

  frame(left: number, top: number, right: number, bottom: number, thick: number, colour: Colour): void {
    this.fill(left, top, right, top + thick, colour);
    this.fill(left, bottom - thick, right, bottom, colour);
    this.fill(left, top, left + thick, bottom, colour);
    this.fill(right - thick, top, right, bottom, colour);
  }

  write(text: string, left: number, top: number, size: number): void {
    [...text].forEach((character, index) => {
      const from = left + index * (glyphWidth + 1) * size;
      for (let y = 0; y < glyphHeight; y++) {
        for (let x = 0; x < glyphWidth; x++) {
          if (!isDot(character, x, y)) continue;
          this.fill(from + x * size, top + y * size, from + (x + 1) * size, top + (y + 1) * size, white);
        }
      }
    });
  }
}
