// Against pycocotools 2.0.11 on the same drawn objects (COCOeval of 'bbox', evaluate, accumulate, summarize: stats 1, 2, 0 and 8).
import { describe, expect, test } from 'vitest';
import {
  averagePrecisions,
  type BoxExtent,
  type PictureObjects,
} from '../../../../scripts/validation/metrics/average-precision.ts';
import { drawnCategories, drawObjects } from './drawn-objects.ts';

describe('figures of pycocotools', () => {
  test.each([
    [1, 40, 8, [0.43137651541832794, 0.043072528175837496, 0.13837945198139817, 0.2496205792258424]],
    [2, 200, 8, [0.4322255809351609, 0.037888696631772426, 0.15016209992240104, 0.27733847092784314]],
    // More than 100 of a category are found in a picture.
    [3, 3, 400, [0.4758873140233097, 0.026354459547805124, 0.14553909487992758, 0.23714130238005565]],
  ])('seed %i, %i pictures of up to %i objects', (seed, pictures, most, figures) => {
    const { map50, map75, map50_95, mar_100 } = averagePrecisions(drawObjects(seed, pictures, most), drawnCategories);
    for (const [index, value] of [map50, map75, map50_95, mar_100].entries()) {
      expect(Math.abs((value ?? -1) - (figures[index] ?? 0))).toBeLessThan(1e-12);
    }
  });
});

const box: BoxExtent = [10, 10, 20, 20];
const found = (score: number, at: BoxExtent = box) => ({ category: 'cat', box: at, score });
const picture = (objects: Partial<PictureObjects>): PictureObjects => ({ truth: [], found: [], ...objects });
const cat = { category: 'cat', box, isCrowd: false };

describe('by hand', () => {
  test.each<[string, PictureObjects, number | null]>([
    ['found', picture({ truth: [cat], found: [found(0.9)] }), 1],
    ['missed', picture({ truth: [cat] }), 0],
    ['found twice, the second time wrongly', picture({ truth: [cat], found: [found(0.9), found(0.8)] }), 1],
    ['behind one that is wrong', picture({ truth: [cat], found: [found(0.8), found(0.9, [200, 0, 20, 20])] }), 0.5],
    [
      'a crowd counts neither way',
      picture({ truth: [cat, { ...cat, isCrowd: true }], found: [found(0.9), found(0.8)] }),
      1,
    ],
    ['nothing to find', picture({ found: [found(0.9)] }), null],
  ])('%s', (_, objects, expected) => {
    expect(averagePrecisions([objects], ['cat', 'dog']).map50).toEqual(
      expected === null ? null : expect.closeTo(expected, 12),
    );
  });
});
