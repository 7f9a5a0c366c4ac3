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
});
