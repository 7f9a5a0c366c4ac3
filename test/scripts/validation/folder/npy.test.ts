import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNpy } from '../../../../scripts/validation/folder/npy.ts';
import { elementsOf, type NumericDatatype } from '../../../../worker/protocol/elements.ts';
import { npy } from '../../../harness/pictures/encoders.ts';

const codes = [
  ['|b1', 'BOOL', 1],
  ['|u1', 'UINT8', 1],
  ['<u2', 'UINT16', 2],
  ['<u4', 'UINT32', 4],
  ['<u8', 'UINT64', 8],
  ['|i1', 'INT8', 1],
  ['<i2', 'INT16', 2],
  ['<i4', 'INT32', 4],
  ['<i8', 'INT64', 8],
  ['<f2', 'FP16', 2],
  ['<f4', 'FP32', 4],
  ['<f8', 'FP64', 8],
] as const;

const spaces = (count: number) => ' '.repeat(count);

/** numpy.save with NumPy 2.4.6, header and data in hexadecimal. */
function saved(header: string, data: string): Buffer {
  return Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00\x76\x00', 'latin1'),
    Buffer.from(header),
    Buffer.from(data, 'hex'),
  ]);
}

describe('a file of NumPy', () => {
  it('is read as numpy.save writes it', () => {
    const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }${spaces(60)}\n`;
    const { datatype, shape, data } = parseNpy(saved(header, '000000000000803f00000040'), 'a.npy');
    expect({ datatype, shape }).toEqual({ datatype: 'FP32', shape: [3] });
    expect([...elementsOf('FP32', data)]).toEqual([0, 1, 2]);
    const scalar = `{'descr': '<f4', 'fortran_order': False, 'shape': (), }${spaces(62)}\n`;
    expect(parseNpy(saved(scalar, '0000e040'), 'a.npy')).toMatchObject({ datatype: 'FP32', shape: [] });
  });

  it('comes back as it was written, in every type, shape and version', () => {
    const arrays = fc
      .record({
        code: fc.constantFrom(...codes),
        shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
        version: fc.constantFrom(1, 2, 3),
        offset: fc.integer({ min: 0, max: 3 }),
      })
      .chain((what) => {
        const length = what.shape.reduce((count, size) => count * size, what.code[2]);
        return fc.record({ what: fc.constant(what), data: fc.uint8Array({ minLength: length, maxLength: length }) });
      });
    fc.assert(
      fc.property(arrays, ({ what: { code, shape, version, offset }, data }) => {
        const [descr, datatype, size] = code;
        const file = npy({ descr: `'${descr}'`, shape, data, version: version as 1 | 2 | 3 });
        // In the middle of other bytes, as Node's buffers are.
        const bytes = Buffer.concat([Buffer.alloc(offset), file]).subarray(offset);
        const read = parseNpy(bytes, 'a.npy');
        expect({ ...read, data: [...read.data] }).toEqual({ datatype, shape, data: [...data] });
        expect(elementsOf(read.datatype as NumericDatatype, read.data).length * size).toBe(data.length);
      }),
    );
  });

  const data = new Uint8Array(16);
  const good = npy({ descr: "'<f4'", shape: [2, 2], data });
  it.each([
    [
      'Fortran order',
      npy({ descr: "'<f4'", shape: [2, 2], data, fortran: true }),
      'expected C order, got Fortran order',
    ],
    ['big-endian', npy({ descr: "'>f4'", shape: [2, 2], data }), 'expected little-endian elements (<f4), got >f4'],
    ['objects', npy({ descr: "'|O'", shape: [2], data }), 'expected numbers, got Python objects (dtype object)'],
    ['complex numbers', npy({ descr: "'<c8'", shape: [2], data }), "got '<c8'"],
    ['texts', npy({ descr: "'<U4'", shape: [1], data }), "got '<U4'"],
    ['records', npy({ descr: "[('a', '<f4')]", shape: [4], data }), "got [('a', '<f4')]"],
    ['too few bytes', good.subarray(0, -1), 'expected 16 bytes for FP32 [2,2], got 15'],
    ['too many bytes', Buffer.concat([good, Buffer.alloc(1)]), 'expected 16 bytes for FP32 [2,2], got 17'],
    ['the end in its header', good.subarray(0, 40), 'expected a header of 118 bytes, the file ends before'],
    ['no header', good.subarray(0, 9), 'expected a NumPy file'],
    ['another kind of file', Buffer.from('PK\x03\x04 and so on'), 'expected a NumPy file'],
    [
      'a version to come',
      Buffer.from(good).fill(4, 6, 7),
      'expected version 1.0, 2.0 or 3.0 of the NumPy format, got 4.0',
    ],
    [
      'a header without a shape',
      Buffer.from(good.toString('latin1').replace("'shape'", "'spahe'"), 'latin1'),
      "'shape' in the header",
    ],
  ])('with %s is refused by its name', (_, bytes, words) => {
    expect(() => parseNpy(bytes, 'cats/a.npy')).toThrow(words);
    expect(() => parseNpy(bytes, 'cats/a.npy')).toThrow(/^cats\/a.npy: expected/);
  });
});
