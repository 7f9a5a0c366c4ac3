import fc from 'fast-check';
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

  it('takes elements in a Buffer of Node, which has a method `write` of its own', () => {
    const tensor = { name: 'x', elementType: 2, shape: [3], data: Buffer.from([1, 2, 3]) };
    const [decoded] = decodeFrame(encodeFrame({ tensors: [tensor], extra: {} })).tensors;
    expect(decoded?.data).toEqual(Uint8Array.of(1, 2, 3));
  });

  const bytesOf = (maxLength: number) => fc.uint8Array({ maxLength });
  const tensorOf = fc.record({
    name: fc.string({ unit: 'grapheme' }),
    elementType: fc.nat(30),
    shape: fc.array(fc.nat(), { maxLength: 5 }),
    data: fc.oneof(bytesOf(64), fc.array(bytesOf(8), { maxLength: 8 })),
  });
  const frameOf = fc.record({
    tensors: fc.array(tensorOf, { maxLength: 4 }),
    extra: fc.record({ outputs: fc.array(fc.string()) }),
  });

  it('comes back as it was sent', () => {
    const returns = fc.property(frameOf, (frame) => {
      expect(decodeFrame(encodeFrame(frame))).toEqual(frame);
    });
    fc.assert(returns);
  });

  it('is refused by name where bytes of it are missing, too many or others', () => {
    const change = fc.record({ at: fc.nat(), to: fc.nat(255), cut: fc.nat(), more: fc.nat(3) });
    const changed = fc.property(frameOf, change, (frame, { at, to, cut, more }) => {
      const sent = encodeFrame(frame);
      const bytes = new Uint8Array(Math.max(0, sent.length - (cut % 3)) + more);
      bytes.set(sent.subarray(0, bytes.length));
      if (bytes.length > 0) bytes[at % bytes.length] = to;
      try {
        for (const { shape, data } of decodeFrame(bytes).tensors) {
          expect(Array.isArray(shape) && (data instanceof Uint8Array || Array.isArray(data))).toBe(true);
        }
      } catch (error) {
        expect(error).toMatchObject({ name: 'PopserveError', code: 'INVALID_ARGUMENT' });
      }
    });
    fc.assert(changed, { numRuns: 500 });
  });

  it('says what is wrong with a header', () => {
    const withHeader = (header: string) => {
      const json = new TextEncoder().encode(header);
      return Uint8Array.from([json.length, 0, 0, 0, ...json]);
    };
    const refusals = [
      ['{', 'the header of a frame is no JSON'],
      ['{}', 'the header of a frame has tensors, a list, and extra, an object'],
      ['{"tensors":[{"name":"x"}],"extra":{}}', 'tensor 0 of a frame: expected a name'],
      ['{"tensors":[{"name":"x","elementType":1,"shape":[1],"bytes":4}],"extra":{}}', 'ends before its tensors do'],
    ] as const;
    for (const [header, message] of refusals) expect(() => decodeFrame(withHeader(header))).toThrow(message);
    const surplus = Uint8Array.from([...withHeader('{"tensors":[],"extra":{}}'), 0]);
    expect(() => decodeFrame(surplus)).toThrow('is longer than its tensors, which end at 29');
  });
});
