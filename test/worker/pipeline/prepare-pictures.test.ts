// Pictures on their way into a model: held in a byte a channel, and written as numbers wherever a run wants them.
import { expect, test } from 'vitest';
import type { ImageInput } from '../../../registry/pipeline/image-input.ts';
import type { Pixels } from '../../../worker/pipeline/pixels.ts';
import { PictureBatch } from '../../../worker/pipeline/prepare-pictures.ts';

const image = (datatype: 'FP32' | 'UINT8', order: 'nchw' | 'nhwc' = 'nchw'): ImageInput => ({
  input: 'x',
  steps: [
    { step: 'decode', formats: ['png'] },
    { step: 'colour', to: 'rgb' },
    { step: 'resize', fit: 'letterbox', height: 32, width: 32, filter: 'bilinear', value: 114 },
    ...(datatype === 'FP32' ? [{ step: 'scale' as const, by: 1 / 255 }] : []),
    { step: 'layout', order, datatype },
  ],
});

function picture(width: number, height: number, seed: number): Pixels {
  return { width, height, rgba: Uint8Array.from({ length: 4 * width * height }, (_, at) => (at * seed) % 251) };
}

function batchOf(steps: ImageInput): PictureBatch {
  const pictures = [picture(64, 48, 7), picture(20, 40, 13), picture(32, 32, 29)];
  const batch = new PictureBatch(pictures, steps);
  pictures.forEach((each, index) => {
    batch.put(index, each);
  });
  return batch;
}

test.each(['nchw', 'nhwc'] as const)(
  '%s: what is written anywhere is the tensor, as often as it is asked for',
  (order) => {
    const batch = batchOf(image('FP32', order));
    const { data, shape } = batch.tensor();
    const pending = batch.pending();
    expect(pending.shape).toEqual(shape);
    expect(pending.data.byteLength).toBe(3 * 3 * 32 * 32 * 4);
    // As in a heap: aligned, with other bytes around it, and not zero before.
    const heap = new Uint8Array(pending.data.byteLength + 128).fill(99);
    const target = heap.subarray(64, 64 + pending.data.byteLength);
    for (let run = 0; run < 2; run++) {
      target.fill(99);
      pending.data.write(target);
      expect(Buffer.compare(target, data as Uint8Array)).toBe(0);
    }
    expect([heap[63], heap[64 + pending.data.byteLength]]).toEqual([99, 99]);
  },
);

test('a batch is held in a byte a channel of what is seen of each picture', () => {
  const seen = 32 * 24 + 16 * 32 + 32 * 32;
  expect(batchOf(image('FP32')).heldBytes).toBe(3 * seen);
  expect(batchOf(image('UINT8')).heldBytes).toBe(3 * seen);
});

test('a narrow picture of many lines asks for the lines that it becomes', () => {
  const tall = new PictureBatch([{ width: 1, height: 65_535 }], {
    input: 'x',
    steps: [
      { step: 'decode', formats: ['png'] },
      { step: 'colour', to: 'rgb' },
      { step: 'resize', fit: 'fill', height: 224, width: 224, filter: 'bilinear' },
      { step: 'layout', order: 'nchw', datatype: 'FP32' },
    ],
  });
  expect(tall.puttingBytes(0)).toBe(65_535 * 224 * 3);
});
