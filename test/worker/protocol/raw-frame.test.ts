import { describe, expect, it } from 'vitest';
import { stringElementType } from '../../../worker/protocol/element-type.ts';
import { decodeFrame, encodeFrame } from '../../../worker/protocol/raw-frame.ts';

describe('a raw frame', () => {
  it('carries more strings than fit on the stack', () => {
    const strings = Array.from({ length: 300_000 }, (_, index) => new TextEncoder().encode(String(index)));
    const text = { name: 'x', elementType: stringElementType, shape: [300_000], data: strings };
    const [decoded] = decodeFrame(encodeFrame({ tensors: [text], extra: {} })).tensors;
    expect(decoded?.shape).toEqual([300_000]);
    expect(Buffer.concat(decoded?.data as Uint8Array[]).equals(Buffer.concat(strings))).toBe(true);
  });

  it('has elements written where they belong, aligned to 8 bytes wherever they lie', () => {
    const pending = (byteLength: number, mark: number) => ({
      byteLength,
      write(target: Uint8Array) {
        expect(target.length).toBe(byteLength);
        expect(target.byteOffset % 8).toBe(0);
        target.fill(mark);
      },
    });
    const names = ['a', 'some', 'longer'];
    for (const name of names) {
      const tensor = (data: ReturnType<typeof pending>) => ({ name, elementType: 2, shape: [data.byteLength], data });
      const tensors = [tensor(pending(3, 1)), tensor(pending(5, 2)), tensor(pending(8, 3))];
      const decoded = decodeFrame(encodeFrame({ tensors, extra: { outputs: names } }));
      expect(decoded.tensors.map(({ data }) => [...(data as Uint8Array)])).toEqual([
        new Array(3).fill(1),
        new Array(5).fill(2),
        new Array(8).fill(3),
      ]);
      expect(decoded.extra).toEqual({ outputs: names });
    }
  });
});
