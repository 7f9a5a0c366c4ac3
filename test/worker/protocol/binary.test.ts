// The binary form and the envelope around it, byte by byte.
import { describe, expect, test } from 'vitest';
import { binaryByteLength, decodeBinaryData, writeBinaryData } from '../../../worker/protocol/binary.ts';
import { readHeaderLength, sealEnvelope } from '../../../worker/protocol/envelope.ts';
import { placeAt, tensor } from './wire.ts';

const refusal = (message: string) => expect.objectContaining({ code: 'INVALID_ARGUMENT', message });
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const strings = (text: string, count: number) =>
  decodeBinaryData({ datatype: 'BYTES', shape: [count] }, count, bytesOf(text), 'x');

describe('strings', () => {
  test('have their length before them, little-endian, and may be empty', () => {
    expect((strings('02000000c3a90000000001000000ff', 3) as Uint8Array[]).map(hex)).toEqual(['c3a9', '', 'ff']);
    expect(strings('', 0)).toEqual([]);
    expect(strings('00000000', 1)).toEqual([new Uint8Array()]);
    const long = Buffer.concat([bytesOf('2c010000'), Buffer.alloc(300, 7)]);
    expect((strings(hex(long), 1) as Uint8Array[])[0]).toHaveLength(300);
  });

  test('are views on the bytes that came, wherever these lie', () => {
    const bytes = placeAt(bytesOf('0100000041'), 3);
    const [only] = decodeBinaryData({ datatype: 'BYTES', shape: [1] }, 1, bytes, 'x') as Uint8Array[];
    expect([only?.buffer === bytes.buffer, only?.byteOffset, only && hex(only)]).toEqual([true, 7, '41']);
  });

  test.each([
    ['000000', 1, 'x: 1 BYTES elements need at least 4 bytes, binary_data_size is 3'],
    ['0100000041000000', 2, 'x: element 1 has no length, the data ends at byte 8'],
    ['0200000041', 1, 'x: element 0 claims 2 bytes, 1 are left'],
    ['ffffffff41', 1, 'x: element 0 claims 4294967295 bytes, 1 are left'],
    ['010000004142', 1, 'x: its 1 BYTES elements end at byte 5, binary_data_size is 6'],
    ['00', 0, 'x: its 0 BYTES elements end at byte 0, binary_data_size is 1'],
  ])('%s is not %i of them', (text, count, message) => {
    expect(() => strings(text, count)).toThrow(refusal(message));
  });
});

describe('numbers', () => {
  test('are the bytes that came', () => {
    const bytes = new Uint8Array(8);
    expect(decodeBinaryData({ datatype: 'FP32', shape: [1, 2] }, 2, bytes, 'x')).toBe(bytes);
    expect(decodeBinaryData({ datatype: 'INT64', shape: [] }, 1, bytes, 'x')).toBe(bytes);
  });

  test.each([7, 9])('of %i bytes instead of 8 are refused', (length) => {
    expect(() => decodeBinaryData({ datatype: 'FP32', shape: [1, 2] }, 2, new Uint8Array(length), 'x')).toThrow(
      refusal(`x: expected 8 bytes for FP32 [1,2], got ${length}`),
    );
  });

  test('are not checked, but booleans are', () => {
    const booleans = Uint8Array.of(0, 1, 1);
    expect(decodeBinaryData({ datatype: 'BOOL', shape: [3] }, 3, booleans, 'x')).toBe(booleans);
    const other = Uint8Array.of(1, 2, 3);
    expect(decodeBinaryData({ datatype: 'UINT8', shape: [3] }, 3, other, 'x')).toBe(other);
    expect(() => decodeBinaryData({ datatype: 'BOOL', shape: [3] }, 3, other, 'x')).toThrow(
      refusal('x: element 1 is 2, expected BOOL 0 or 1'),
    );
    expect(() => decodeBinaryData({ datatype: 'BOOL', shape: [1] }, 1, Uint8Array.of(255), 'x')).toThrow(
      refusal('x: element 0 is 255, expected BOOL 0 or 1'),
    );
  });
});

test('data is written to its place, and its size is known before', () => {
  const target = placeAt(new Uint8Array(20).fill(0xee), 4);
  const text = tensor('s', 'BYTES', [2], ['é', '']).data;
  const after = writeBinaryData(text, target, 1);
  expect([after, binaryByteLength(text)]).toEqual([11, 10]);
  expect(writeBinaryData(Uint8Array.of(1, 2), target, after)).toBe(13);
  expect(binaryByteLength(Uint8Array.of(1, 2))).toBe(2);
  expect(hex(target)).toBe('ee02000000c3a9000000000102eeeeeeeeeeeeee');
});

describe('the envelope', () => {
  test('of a message without binary tensors is its JSON', () => {
    expect(sealEnvelope('{"a":"é"}', [])).toEqual({
      headers: { 'content-type': 'application/json' },
      body: '{"a":"é"}',
    });
  });

  test('has the JSON, then each tensor, and tells the bytes of the JSON', () => {
    const { headers, body } = sealEnvelope('"é"', [
      tensor('a', 'UINT8', [2], [1, 2]),
      tensor('s', 'BYTES', [1], ['x']),
      tensor('b', 'UINT8', [1], [3]),
    ]);
    expect(headers).toEqual({
      'content-type': 'application/octet-stream',
      'Inference-Header-Content-Length': '4',
    });
    expect(hex(body as Uint8Array)).toBe('22c3a92201020100000078' + '03');
  });

  test.each([
    [null, 10],
    ['0', 0],
    ['10', 10],
    [' 7 ', 7],
    ['007', 7],
  ])('the header %j of ten bytes says that %i are JSON', (header, bytes) => {
    expect(readHeaderLength(header, 10)).toBe(bytes);
  });

  test.each(['11', '-1', '1.5', '1e1', '0x1', '', ' ', '1 2', 'ten', '99999999999999999999'])(
    'the header %j of ten bytes is refused',
    (header) => {
      expect(() => readHeaderLength(header, 10)).toThrow(
        refusal(`Inference-Header-Content-Length: expected 0 to 10, the bytes of the body, got "${header}"`),
      );
    },
  );
});
