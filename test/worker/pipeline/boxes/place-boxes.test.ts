// From a model's input back to the picture, by the geometry that made the input.
import { describe, expect, test } from 'vitest';
import type { ImageStep } from '../../../../registry/pipeline/image-input.ts';
import { toPicture } from '../../../../worker/pipeline/boxes/place-boxes.ts';
import { planGeometry } from '../../../../worker/pipeline/geometry.ts';

const size = { width: 640, height: 480 };
const filter = 'bilinear';

function back(steps: ImageStep[], corners: [number, number, number, number]) {
  const box = toPicture(corners, { size, geometry: planGeometry(size, { steps }) });
  return box === null ? null : [box.xmin, box.ymin, box.xmax, box.ymax];
}

const shortest: ImageStep = { step: 'resize', fit: 'shortest', size: 240, filter };
const letterbox: ImageStep = { step: 'resize', fit: 'letterbox', height: 320, width: 320, filter, value: 114 };

describe('a box in pixels of the picture', () => {
  test.each<[string, ImageStep[], [number, number, number, number], number[] | null]>([
    ['as it is', [], [1, 2, 3, 4], [1, 2, 3, 4]],
    [
      'stretched',
      [{ step: 'resize', fit: 'fill', height: 240, width: 160, filter }],
      [10, 10, 20, 30],
      [40, 20, 80, 60],
    ],
    ['the shorter side', [shortest], [10, 10, 20, 30], [20, 20, 40, 60]],
    ['the longer side held', [{ ...shortest, longest: 160 }], [10, 10, 20, 30], [40, 40, 80, 120]],
    [
      'cut from the centre',
      [shortest, { step: 'crop', height: 200, width: 200, margin: 'floor' }],
      [0, 0, 10, 10],
      [120, 40, 140, 60],
    ],
    [
      'framed at the right and the bottom',
      [shortest, { step: 'pad', height: 400, width: 400, value: 0 }],
      [0, 0, 1, 1],
      [0, 0, 2, 2],
    ],
    ['letterboxed', [letterbox], [0, 40, 10, 50], [0, 0, 20, 20]],
    ['letterboxed into the corner', [{ ...letterbox, place: 'corner' }], [0, 40, 10, 50], [0, 80, 20, 100]],
    ['cut at the edges', [letterbox], [-20, 0, 400, 400], [0, 0, 640, 480]],
    ['in the frame alone', [letterbox], [0, 0, 300, 39], null],
    ['without an area', [letterbox], [20, 60, 20, 90], null],
    ['with its corners exchanged', [letterbox], [30, 60, 20, 90], null],
  ])('%s', (_, steps, corners, expected) => {
    expect(back(steps, corners)).toEqual(expected);
  });
});
