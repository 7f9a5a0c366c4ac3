// Lines of writing in a batch: each keeps its own width, and what is behind a shorter one is the padding of its pipeline.
import { describe, expect, test } from 'vitest';
import { type ImageInput, type ImageStep, imageInputSchema } from '../../../registry/pipeline/image-input.ts';
import type { Pixels } from '../../../worker/pipeline/pixels.ts';
import { preparePictures } from '../../../worker/pipeline/prepare-pictures.ts';
import { elementsOf } from '../../../worker/protocol/elements.ts';

/** One level everywhere. */
function flat(width: number, height: number, level: number): Pixels {
  return { width, height, rgba: new Uint8Array(width * height * 4).fill(level) };
}

interface Changes {
  readonly leastWidth?: number;
  readonly mostWidth?: number;
  readonly padding?: number;
}

function lines(
  { leastWidth = 1, mostWidth = 100, padding = 0 }: Changes,
  datatype: 'FP32' | 'UINT8' = 'FP32',
): ImageInput {
  const values: ImageStep[] = [
    { step: 'scale', by: 1 / 255 },
    { step: 'normalise', mean: [0.5], std: [0.5] },
  ];
  return {
    input: 'x',
    steps: [
      { step: 'decode', formats: ['png'] },
      { step: 'colour', to: 'grey' },
      { step: 'resize', fit: 'height', height: 2, filter: 'bilinear', leastWidth, mostWidth, padding },
      ...(datatype === 'UINT8' ? [] : values),
      { step: 'layout', order: 'nchw', datatype },
    ],
  };
}

function prepared(pictures: readonly Pixels[], image: ImageInput) {
  const { shape, datatype, data } = preparePictures(pictures, image);
  if (datatype !== 'FP32' || !(data instanceof Uint8Array)) throw new Error(`expected FP32, got ${datatype}`);
  return { shape, values: [...elementsOf(datatype, data)] };
}

describe('a batch of lines', () => {
  test('is as wide as the widest, padded after normalisation', () => {
    const { shape, values } = prepared([flat(6, 4, 255), flat(2, 2, 0)], lines({}));
    expect(shape).toEqual([2, 1, 2, 3]);
    expect(values).toEqual([1, 1, 1, 1, 1, 1, -1, -1, 0, -1, -1, 0]);
  });

  test('is at least as wide as the least width, and a long line is pressed into the most', () => {
    expect(prepared([flat(2, 2, 255)], lines({ leastWidth: 4, padding: 0.25 }))).toEqual({
      shape: [1, 1, 2, 4],
      values: [1, 1, 0.25, 0.25, 1, 1, 0.25, 0.25],
    });
    expect(prepared([flat(40, 2, 255)], lines({ mostWidth: 5 })).shape).toEqual([1, 1, 2, 5]);
  });

  test('rounds its widths up', () => {
    expect(prepared([flat(5, 4, 0)], lines({})).shape).toEqual([1, 1, 2, 3]);
  });

  test('takes no padding that its elements do not hold', () => {
    expect(() => preparePictures([flat(2, 2, 9)], lines({ padding: -1 }, 'UINT8'))).toThrow(
      'resize: expected values from 0 to 255 for UINT8, got -1',
    );
  });
});

test('a least width above the most is refused', () => {
  const parsed = imageInputSchema.safeParse(lines({ leastWidth: 9, mostWidth: 8 }));
  expect(parsed.error?.issues.map(({ message }) => message)).toEqual([
    'expected a leastWidth that is not above mostWidth',
  ]);
});
