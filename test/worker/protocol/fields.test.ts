// How each field of a message is read, and what is said of one that is not as it should be.
import { describe, expect, test } from 'vitest';
import { describeShape, describeValue, quote } from '../../../worker/protocol/describe.ts';
import {
  countElements,
  readArray,
  readBoolean,
  readDatatype,
  readObject,
  readParameters,
  readShape,
  readString,
  refuseSharedMemory,
} from '../../../worker/protocol/fields.ts';

const refusal = (message: string) => expect.objectContaining({ code: 'INVALID_ARGUMENT', message });

describe('a value of the wrong kind is refused with what came', () => {
  const values: [unknown, string][] = [
    [undefined, 'nothing'],
    [null, 'null'],
    [1.5, '1.5'],
    [true, 'true'],
    ['a"b', '"a"b"'],
    [[1], 'an array'],
    [{ a: 1 }, 'an object'],
  ];

  test.each(values)('%j', (value, shown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      expect(() => readObject(value, 'x')).toThrow(refusal(`x: expected an object, got ${shown}`));
    }
    if (typeof value !== 'string') {
      expect(() => readString(value, 'x')).toThrow(refusal(`x: expected a string, got ${shown}`));
    }
    if (!Array.isArray(value)) {
      expect(() => readArray(value, 'x')).toThrow(refusal(`x: expected an array, got ${shown}`));
      expect(() => readShape(value, 'x')).toThrow(refusal(`x: shape is ${shown}, expected an array of integers`));
    }
    if (value !== undefined && typeof value !== 'boolean') {
      expect(() => readBoolean(value, 'x')).toThrow(refusal(`x: expected true or false, got ${shown}`));
    }
    expect(() => readDatatype(value, 'x')).toThrow(
      refusal(
        `x: datatype is ${shown}, expected one of BOOL UINT8 UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FP16 FP32 FP64 BF16 BYTES`,
      ),
    );
  });

  test('and taken as it is where it is right', () => {
    const [object, array] = [{ a: 1 }, [1]];
    expect([readObject(object, 'x'), readArray(array, 'x')]).toEqual([object, array]);
    expect([readString('', 'x'), readDatatype('BF16', 'x')]).toEqual(['', 'BF16']);
    expect([readBoolean(undefined, 'x'), readBoolean(false, 'x')]).toEqual([undefined, false]);
  });
});

describe('parameters', () => {
  test('are taken as they are; null counts for nothing', () => {
    const given = { s: 'a', n: 1, b: false, headers: { a: 'b' }, list: [1] };
    expect({ ...readParameters({ ...given, nothing: null }, 'x') }).toEqual(given);
    for (const absent of [null, undefined]) expect(Object.keys(readParameters(absent, 'x'))).toEqual([]);
  });

  test('may have names that every object inherits', () => {
    const parameters = readParameters(JSON.parse('{"__proto__": 1}'), 'x');
    expect([Object.getPrototypeOf(parameters), Object.keys(parameters)]).toEqual([null, ['__proto__']]);
  });

  test('that are no object are refused', () => {
    expect(() => readParameters([], 'x')).toThrow(refusal('x: expected an object, got an array'));
  });

  test('that ask for shared memory are refused, others that look like it are not', () => {
    expect(() => refuseSharedMemory({ a: 1, shared_memory_region: 'r' }, 'x')).toThrow(
      refusal("x: shared memory ('shared_memory_region') is not supported, send 'data' or 'binary_data_size'"),
    );
    refuseSharedMemory({ my_shared_memory_: 1, shared: 2 }, 'x');
  });
});

describe('a shape', () => {
  test('is made of whole numbers of 0 or more', () => {
    expect(readShape([], 'x')).toEqual([]);
    expect(readShape([0, 1, 2 ** 53 - 1], 'x')).toEqual([0, 1, 2 ** 53 - 1]);
    expect(Object.is(readShape([-0], 'x')[0], 0)).toBe(true);
  });

  test.each([
    [-1, '-1'],
    [1.5, '1.5'],
    [2 ** 53, '9007199254740992'],
    ['1', '"1"'],
    [null, 'null'],
  ])('with %j is refused', (dimension, shown) => {
    expect(() => readShape([2, dimension], 'x')).toThrow(
      refusal(`x: shape[1] is ${shown}, expected an integer of 0 or more`),
    );
  });

  test('with a dimension that parsing has rounded is refused as it was written', () => {
    const shown = (dimension: number, source: string | null) => () => readShape([2, dimension], 'x', () => source);
    expect(shown(2 ** 63, '9223372036854775809')).toThrow(
      refusal('x: shape[1] is 9223372036854775809, expected an integer from 0 to 2^53 - 1'),
    );
    expect(shown(Number.POSITIVE_INFINITY, `1${'0'.repeat(400)}`)).toThrow(
      `x: shape[1] is 1${'0'.repeat(63)}…, expected`,
    );
    expect(shown(-1, '-1')).toThrow(refusal('x: shape[1] is -1, expected an integer of 0 or more'));
  });

  test.each([
    [[], 1],
    [[7], 7],
    [[2, 3, 4], 24],
    [[2, 0, 4], 0],
    [[2 ** 53 - 1, 1], 2 ** 53 - 1],
  ])('%j has so many elements', (shape, count) => {
    expect(countElements(shape, 'x')).toBe(count);
  });

  test.each([[[2 ** 52, 2]], [[2 ** 52, 0, 2]]])('%j has more than can be counted', (shape) => {
    expect(() => countElements(shape, 'x')).toThrow(
      refusal(`x: shape [${shape.join(',')}] has more elements than can be counted`),
    );
  });
});

describe('in a message', () => {
  test('a long text is cut, and never within a character', () => {
    expect(quote('a'.repeat(64))).toBe(`'${'a'.repeat(64)}'`);
    expect(quote('a'.repeat(65))).toBe(`'${'a'.repeat(64)}…'`);
    expect(describeValue('a'.repeat(65))).toBe(`"${'a'.repeat(64)}…"`);
    expect(quote(`${'a'.repeat(63)}😀`)).toBe(`'${'a'.repeat(63)}\ufffd…'`);
  });

  test('a shape of many dimensions is cut', () => {
    expect(describeShape([])).toBe('[]');
    expect(describeShape([1, 2, 3, 4, 5, 6, 7, 8])).toBe('[1,2,3,4,5,6,7,8]');
    expect(describeShape([1, 2, 3, 4, 5, 6, 7, 8, 9])).toBe('[1,2,3,4,5,6,7,8,… 9 dimensions]');
  });
});
