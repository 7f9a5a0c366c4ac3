// From pixels of a model's input back to those of the picture: resize, crop, frame and letterbox undone, and cut at its edges.
import type { Box } from '../../../registry/api/task-answers.ts';
import type { PictureItem } from '../items.ts';
import type { Corners } from './overlap.ts';

/** @returns null for a box of which nothing lies in the picture */
export function toPicture([left, top, right, bottom]: Corners, { size, geometry }: PictureItem): Box | null {
  const { at, window, resized } = geometry;
  const across = (x: number) => along(x - at.left + window.left, size.width, resized.width);
  const down = (y: number) => along(y - at.top + window.top, size.height, resized.height);
  const box = { xmin: across(left), ymin: down(top), xmax: across(right), ymax: down(bottom) };
  return box.xmin < box.xmax && box.ymin < box.ymax ? box : null;
}

function along(value: number, whole: number, resized: number): number {
  return Math.min(whole, Math.max(0, (value * whole) / resized));
}
