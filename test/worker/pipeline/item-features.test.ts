// What is counted of pictures and of answers.
import { expect, test } from 'vitest';
import { answerFeatures, itemFeatures } from '../../../worker/pipeline/item-features.ts';
import { lookAt } from '../../../worker/pipeline/picture-look.ts';
import type { Pixels } from '../../../worker/pipeline/pixels.ts';

function picture(width: number, height: number, level: (x: number, y: number) => number): Pixels {
  const rgba = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rgba.fill(level(x, y), 4 * (y * width + x), 4 * (y * width + x) + 3);
  }
  return { width, height, rgba };
}

test('an even picture has its level, no contrast and no sharpness', () => {
  const look = lookAt(picture(300, 200, () => 100));
  expect(look.brightness).toBeCloseTo(100, 9);
  expect([look.contrast, look.sharpness]).toEqual([expect.closeTo(0, 5), expect.closeTo(0, 9)]);
});

test('brightness is luma', () => {
  const { brightness } = lookAt({ width: 1, height: 1, rgba: Uint8Array.of(255, 0, 0, 255) });
  expect(brightness).toBeCloseTo(0.299 * 255, 9);
});

test('halves of black and white have the contrast of half the range', () => {
  expect(lookAt(picture(96, 96, (x) => (x < 48 ? 0 : 255))).contrast).toBeCloseTo(127.5, 6);
});

test('a blurred picture is less sharp, and size changes little', () => {
  const wave = (length: number) => (x: number, y: number) =>
    127 + 60 * Math.sin((x * 2 * Math.PI) / length) + 60 * Math.sin((y * 2 * Math.PI) / length);
  const [sharp, blurred] = [lookAt(picture(224, 224, wave(6))), lookAt(picture(224, 224, wave(60)))];
  expect(sharp.sharpness).toBeGreaterThan(20 * blurred.sharpness);
  const twice = lookAt(picture(448, 448, wave(12)));
  expect(twice.sharpness / sharp.sharpness).toBeGreaterThan(0.8);
  expect(twice.sharpness / sharp.sharpness).toBeLessThan(1.25);
});

test('a picture is told with its shape as it was sent', () => {
  const size = { width: 300, height: 200 };
  const geometry = {
    ...{ resized: size, filter: 'nearest' as const, result: size, frame: 0 },
    window: { ...size, left: 0, top: 0 },
    at: { left: 0, top: 0 },
  };
  const look = { brightness: 1, contrast: 2, sharpness: 3 };
  expect(itemFeatures({ size, geometry, look })).toEqual({ ...look, aspect: 1.5 });
});

test('answers of each task', () => {
  const box = { xmin: 0, ymin: 0, xmax: 1, ymax: 1 };
  expect(
    answerFeatures('classify', [
      { label: 'cat', score: 0.9 },
      { label: 'dog', score: 0.1 },
    ]),
  ).toEqual({ label: 'cat', confidence: 0.9 });
  expect(answerFeatures('boxes', [{ label: 'face', score: 0.8, box }])).toEqual({
    objects: 1,
    label: 'face',
    confidence: 0.8,
  });
  expect(answerFeatures('boxes', [])).toEqual({ objects: 0, label: '', confidence: Number.NaN });
  expect(answerFeatures('ctc', [{ generated_text: 'grün', score: 0.7 }])).toEqual({ characters: 4, confidence: 0.7 });
  expect(answerFeatures('pool', [3, 5])).toEqual({ mean: 4, contrast: 1 });
});
