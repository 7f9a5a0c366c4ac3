// Digests are of what Pillow 12 (libjpeg-turbo 3.1) makes of the same pictures, figures of what torchvision's transforms do.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { TensorSpec } from '../../../../registry/signature.ts';
import { decodeImage } from '../../../../scripts/validation/folder/decode-image.ts';
import { type ImageOptions, planPreprocessing, preprocess } from '../../../../scripts/validation/folder/preprocess.ts';
import type { Pixels } from '../../../../worker/pipeline/pixels.ts';
import { elementsOf } from '../../../../worker/protocol/elements.ts';
import { png } from '../../../harness/pictures/encoders.ts';
import { jpegs } from '../../../harness/pictures/jpegs.ts';

const colours = (x: number, y: number) => [
  (x * 7 + y * 3) % 256,
  (x * y) % 256,
  (((255 - x * 5 + y * 11) % 256) + 256) % 256,
];
const picture: Pixels = await decodeImage(png(45, 31, colours), 'colours.png');

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function input(shape: number[], datatype: TensorSpec['datatype'] = 'FP32'): TensorSpec {
  return { name: 'x', datatype, shape };
}

/** Red, green and blue of one pixel. */
function dot(...rgb: number[]): Pixels {
  return { width: 1, height: 1, rgba: Uint8Array.from([...rgb, 255]) };
}

/** Without the fourth byte of each pixel. */
function rgbOf({ rgba }: Pixels): Uint8Array {
  return Uint8Array.from(rgba.filter((_, index) => index % 4 !== 3));
}

/** The bytes of a picture that was resized. */
function resized(from: Pixels, width: number, height: number): Uint8Array {
  const { data } = preprocess(
    from,
    planPreprocessing(input([-1, height, width, 3], 'UINT8'), { resize: 'stretch' }),
    'UINT8',
    'a.png',
  );
  return data;
}

function prepare(from: Pixels, spec: TensorSpec, options: ImageOptions = {}) {
  const { shape, data } = preprocess(from, planPreprocessing(spec, options), spec.datatype, 'cats/a.png');
  return { shape, values: Array.from(elementsOf(spec.datatype as 'FP32', data)) };
}

describe('an image', () => {
  it('is decoded from PNG in grey and colour, without its transparency', async () => {
    expect([...rgbOf(picture).subarray(45 * 3, 45 * 3 + 6)]).toEqual([...colours(0, 1), ...colours(1, 1)]);
    expect(
      rgbOf(
        await decodeImage(
          png(2, 1, (x) => [x * 9]),
          'a.png',
        ),
      ),
    ).toEqual(Uint8Array.of(0, 0, 0, 9, 9, 9));
    expect(
      rgbOf(
        await decodeImage(
          png(1, 1, () => [7, 0]),
          'a.png',
        ),
      ),
    ).toEqual(Uint8Array.of(7, 7, 7));
    expect(
      rgbOf(
        await decodeImage(
          png(1, 1, () => [1, 2, 3, 4]),
          'a.png',
        ),
      ),
    ).toEqual(Uint8Array.of(1, 2, 3));
  });

  it.each([['baseline'], ['progressive']] as const)(
    'is decoded from %s JPEG to the bit as Pillow does',
    async (kind) => {
      const decoded = await decodeImage(Buffer.from(jpegs[kind], 'base64'), 'a.jpg');
      const { width, height } = decoded;
      expect([width, height]).toEqual([14, 10]);
      expect(sha256(rgbOf(decoded))).toBe('fefe2d91c144ba444e8ba184e613a4d0b7444c399884df982acef60c2c8a8bb3');
    },
  );

  const jpeg = Buffer.from(jpegs.baseline, 'base64');
  const frame = jpeg.indexOf('\xff\xc0', 'latin1');
  it.each([
    ['grey of 16 bits', png(1, 1, () => [1], 16), 'a PNG in grey of 16 bits is not read'],
    ['a PNG cut off', png(9, 9, colours).subarray(0, -30), 'the PNG ends after'],
    ['a PNG with nothing but a start', png(1, 1, () => [1]).subarray(0, 20), 'the PNG ends in its header'],
    ['a JPEG cut off', jpeg.subarray(0, -2), 'the JPEG ends after'],
    ['a JPEG in CMYK', Buffer.from(jpeg).fill(4, frame + 9, frame + 10), 'a JPEG of 4 components (CMYK) is not read'],
    [
      'a JPEG of too many pixels',
      Buffer.from(jpeg).fill(0xff, frame + 5, frame + 9),
      'at most 100 million pixels, got 65535x65535',
    ],
    ['a JPEG without a frame', jpeg.subarray(0, 20), 'found no frame'],
    ['nothing', Buffer.alloc(0), 'expected a JPEG, a PNG or a WebP, got no bytes'],
    ['another kind of file', Buffer.from('GIF89a'), 'got bytes that start with 47 49 46 38'],
  ])('with %s is refused by its name, and the next one is read', async (_, bytes, words) => {
    await expect(decodeImage(bytes, 'cats/a.png')).rejects.toThrow(words);
    await expect(decodeImage(bytes, 'cats/a.png')).rejects.toThrow(/^cats\/a.png: /);
    expect((await decodeImage(jpeg, 'b.jpg')).width).toBe(14);
  });

  it.each([
    [20, 14, '18094990bdf851d30dbcbb43ea7b9e256cf7b70541afa67c1178ce8d75a13c5b'],
    [45, 9, 'a8df584ec66922fb46736f723166ca1fea121ac560a0de3eb35d17c399bcbb85'],
    [8, 31, '36d11f11a88f33bd7ef4bc3ed7c3c9b25a13327e73b4072a7f9a4cccd93f1be9'],
    [90, 62, '4bed8673184ad9e99d4e70fe0010e111cc869f98cb190babb2dd21e26ac9c80c'],
    [37, 25, '925dbfbca9f463f6f15f510c4885834f1e2dacfb8f60a4b01fb2ea97c97db4d3'],
  ])('is resized to %i x %i to the bit as Pillow does', (width, height, digest) => {
    expect(sha256(resized(picture, width, height))).toBe(digest);
  });
});

describe('preprocessing', () => {
  it.each([
    [16, -1.004794955253601, 209.63957921182737, 570.1493757967837],
    [17, -0.7307989001274109, 222.37315742485225, 574.316690409556],
  ])('resizes to %i, cuts the centre and normalises as torchvision does', (shorter, first, sum, absolute) => {
    const { shape, values } = prepare(picture, input([-1, 3, 14, 14]), { resize: shorter });
    expect(shape).toEqual([3, 14, 14]);
    expect(values[0]).toBeCloseTo(first, 5);
    expect(values.reduce((total, value) => total + value, 0)).toBeCloseTo(sum, 3);
    expect(values.reduce((total, value) => total + Math.abs(value), 0)).toBeCloseTo(absolute, 3);
    // 14 of 16 is ImageNet's 224 of 256: the default.
    if (shorter === 16) expect(prepare(picture, input([-1, 3, 14, 14])).values).toEqual(values);
  });

  it('finds layout and channels in the signature', () => {
    const options = { resize: 'none', mean: [0], std: [1], scale: '0-255' } as const;
    const two: Pixels = { width: 2, height: 1, rgba: Uint8Array.of(1, 2, 3, 0, 4, 5, 6, 0) };
    expect(prepare(two, input([-1, 3, 1, 2]), options)).toEqual({ shape: [3, 1, 2], values: [1, 4, 2, 5, 3, 6] });
    expect(prepare(two, input([1, -1, -1, 3]), options)).toEqual({ shape: [1, 2, 3], values: [1, 2, 3, 4, 5, 6] });
    expect(prepare(dot(255, 0, 0), input([-1, 1, -1, -1]), options)).toEqual({ shape: [1, 1, 1], values: [76] });
  });

  it('has the range, mean and deviation that are said, else those of ImageNet for colours from 0 to 1', () => {
    const spec = input([-1, 3, -1, -1]);
    const plan = planPreprocessing(spec, {});
    expect(plan).toMatchObject({ scale: '0-1', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });
    expect(planPreprocessing(spec, { mean: [0.5] })).toMatchObject({ mean: [0.5, 0.5, 0.5], std: [1, 1, 1] });
    expect(planPreprocessing(spec, { scale: '0-255' })).toMatchObject({ mean: [0, 0, 0], std: [1, 1, 1] });
    expect(planPreprocessing(input([-1, 1, 8, 8]), {})).toMatchObject({
      channels: 'grey',
      scale: '0-1',
      mean: [0],
      std: [1],
    });
    const said = { scale: '0-255', mean: [1, 2, 3], std: [2, 4, 8] } as const;
    expect(prepare(dot(3, 6, 19), spec, { ...said, resize: 'none' }).values).toEqual([1, 1, 2]);
  });

  it('gives whole numbers to integers, and refuses those that do not fit', () => {
    const spec = input([-1, 3, -1, -1], 'INT8');
    expect(prepare(dot(0, 128, 255), spec, { resize: 'none', mean: [128] }).values).toEqual([-128, 0, 127]);
    expect(prepare(dot(0, 128, 255), input([-1, 3, -1, -1], 'UINT8'), { resize: 'none' }).values).toEqual([
      0, 128, 255,
    ]);
    expect(() => prepare(dot(0, 128, 255), spec, { resize: 'none' })).toThrow(
      'cats/a.png: normalise: expected values from -128 to 127 for INT8, got 128',
    );
  });

  it('has the size of the input, 224 where that varies, or that of each image', () => {
    expect(planPreprocessing(input([-1, 3, -1, -1]), {})).toMatchObject({ resize: 256, size: [224, 224] });
    expect(planPreprocessing(input([-1, 3, -1, -1]), { crop: 96 })).toMatchObject({ resize: 109, size: [96, 96] });
    expect(planPreprocessing(input([-1, 3, 28, 28]), {})).toMatchObject({ resize: 32, size: [28, 28] });
    expect(planPreprocessing(input([-1, 3, -1, -1]), { resize: 'none' })).toMatchObject({ size: null });
    expect(prepare(picture, input([-1, 3, 14, 20]), { resize: 'stretch' }).shape).toEqual([3, 14, 20]);
  });

  it.each([
    [input([-1, 4]), {}, 'takes no images: expected FP16, FP32, FP64, UINT8, INT8 of [N,C,H,W] or [N,H,W,C]'],
    [input([-1, 3, 8, 3]), {}, 'takes no images'],
    [input([-1, 3, 8, 8], 'INT64'), {}, 'takes no images'],
    [input([-1, 3, 8, 8]), { mean: [1, 2] }, "--image-mean: expected 1 or 3 numbers for input 'x', got 1,2"],
    [input([-1, 3, 8, 8]), { crop: 9 }, "--image-crop 9 does not fit input 'x', whose shape is [-1,3,8,8]"],
    [input([-1, 3, 8, 8]), { resize: 'none', crop: 8 }, '--image-crop does not go with --image-resize none'],
    [input([-1, 3, 8, 8]), { resize: 'none' }, 'cats/a.png: expected an image of 8x8 (height x width), got 31x45'],
    [input([-1, 3, 8, 8]), { resize: 7 }, 'too small to cut 8x8 from it; see --image-resize'],
  ] as const)('of %j by %j is refused', (spec, options, words) => {
    expect(() => prepare(picture, spec as TensorSpec, options)).toThrow(words);
  });
});
