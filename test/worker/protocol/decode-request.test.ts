// The rules of the Open Inference Protocol's JSON and binary forms, one by one; the datatypes themselves are in round-trip.test.ts.
import { describe, expect, test } from 'vitest';
import { PopserveError } from '../../../registry/errors.ts';
import type { Datatype, Signature } from '../../../registry/signature.ts';
import { decodeInferRequest } from '../../../worker/protocol/decode-request.ts';
import { limits } from './wire.ts';

const signature: Signature = { inputs: [], outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }] };

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function decode(request: unknown) {
  const body = bytes(typeof request === 'string' ? request : JSON.stringify(request));
  return decodeInferRequest({ body, headerLength: null, signature, limits });
}

function decodeInput(input: Record<string, unknown>) {
  return decode({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1], ...input }] }).inputs[0];
}

/** JSON with binary parts behind it; `header` instead of the true length of the JSON part. */
function decodeBinary(request: unknown, parts: readonly Uint8Array[], header?: string | null) {
  const json = bytes(JSON.stringify(request));
  const headerLength = header === undefined ? String(json.length) : header;
  return decodeInferRequest({ body: Buffer.concat([json, ...parts]), headerLength, signature, limits });
}

function binaryInput(datatype: Datatype, shape: number[], size: unknown, name = 'x') {
  return { name, datatype, shape, parameters: { binary_data_size: size } };
}

function refusal(run: () => unknown): { status: number; message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof PopserveError) return { status: error.status, message: error.message };
    throw error;
  }
  throw new Error('was not refused');
}

describe('the request', () => {
  test('keeps id, parameters and requested outputs, and ignores unknown keys', () => {
    const request = decode({
      id: '42',
      model_name: 'ignored',
      parameters: { priority: 3, binary_data_output: true, popserve_key: 'k', nothing: null },
      inputs: [],
      outputs: [{ name: 'y', parameters: { binary_data: false, classification: 3 } }, { name: '__proto__' }],
    });
    expect(request.id).toBe('42');
    expect(Object.entries(request.parameters)).toEqual([
      ['priority', 3],
      ['binary_data_output', true],
      ['popserve_key', 'k'],
    ]);
    expect(request.binaryOutputs).toBe(true);
    expect(request.outputs).toEqual([
      { name: 'y', binary: false, classification: 3 },
      { name: '__proto__', binary: undefined, classification: undefined },
    ]);
  });

  test('takes null for a field that is left out, and no outputs for all of them', () => {
    expect(decode({ id: null, parameters: null, inputs: [], outputs: null })).toEqual({
      parameters: {},
      inputs: [],
      outputs: null,
      binaryOutputs: false,
    });
    expect(decode({ inputs: [], outputs: [] }).outputs).toBeNull();
  });

  test('takes names of the prototype chain as names', () => {
    const names = ['__proto__', 'constructor', 'toString'];
    const inputs = names.map((name) => `{"name":"${name}","datatype":"INT8","shape":[1],"data":[1]}`);
    const request = decode(`{"inputs":[${inputs}],"parameters":{"toString":"a"}}`);
    expect(request.inputs.map((input) => input.name)).toEqual(names);
    expect(Object.keys(request.parameters)).toEqual(['toString']);
  });

  test.each([
    [[], 'the body: expected an object, got an array'],
    [{}, "'inputs': expected an array, got nothing"],
    [{ inputs: [1] }, 'inputs[0]: expected an object, got 1'],
    [{ inputs: [{ shape: [] }] }, 'inputs[0].name: expected a string, got nothing'],
    [{ inputs: [], id: 7 }, "'id': expected a string, got 7"],
    [{ inputs: [], parameters: [] }, "'parameters': expected an object, got an array"],
    [
      { inputs: [], parameters: { binary_data_output: {} } },
      "'parameters': binary_data_output: expected true or false, got an object",
    ],
    [
      { inputs: [], parameters: { binary_data_output: 1 } },
      "'parameters': binary_data_output: expected true or false, got 1",
    ],
    [{ inputs: [], outputs: {} }, "'outputs': expected an array, got an object"],
    [{ inputs: [], outputs: [{ name: 'y' }, { name: 'y' }] }, "output 'y': requested twice"],
    [
      { inputs: [], outputs: [{ name: 'y', parameters: { classification: 0 } }] },
      "output 'y': classification is 0, expected an integer of 1 or more",
    ],
    [
      { inputs: [], outputs: [{ name: 'y', parameters: { shared_memory_region: 'r' } }] },
      "output 'y': shared memory ('shared_memory_region') is not supported, send 'data' or 'binary_data_size'",
    ],
  ])('%j is refused by name', (request, message) => {
    expect(refusal(() => decode(request))).toEqual({ status: 400, message });
  });

  test('a long name is cut in the message', () => {
    const { message } = refusal(() => decode({ inputs: [{ name: 'n'.repeat(100_000), datatype: 'X', shape: [] }] }));
    expect(message.length).toBeLessThan(300);
  });
});

describe('a JSON input', () => {
  test('may be a scalar, in an array or bare', () => {
    expect(decodeInput({ shape: [], data: [1] })?.data).toEqual(decodeInput({ shape: [], data: 1 })?.data);
    expect(decodeInput({ shape: [], datatype: 'BYTES', data: 'a' })?.data).toEqual([bytes('a')]);
  });

  test('takes 0 and 1 for BOOL, null for NaN, and rounds numbers to FP16', () => {
    expect(decodeInput({ datatype: 'BOOL', shape: [4], data: [1, 0, true, false] })?.data).toEqual(
      Uint8Array.of(1, 0, 1, 0),
    );
    expect(decodeInput({ datatype: 'FP64', data: [null] })?.data).toEqual(
      new Uint8Array(Float64Array.of(Number.NaN).buffer),
    );
    expect(decodeInput({ datatype: 'FP16', data: [0.1] })?.data).toEqual(Uint8Array.of(0x66, 0x2e));
  });

  test('reads NaN and infinities into every float type, short or long, nested or flat, and beside integers beyond 2^53', () => {
    const expected: Record<string, ArrayLike<number> & { buffer: ArrayBufferLike }> = {
      FP64: Float64Array.of(Number.NaN, Infinity, -Infinity, 1),
      FP32: Float32Array.of(Number.NaN, Infinity, -Infinity, 1),
      FP16: Float16Array.of(Number.NaN, Infinity, -Infinity, 1),
      BF16: Uint16Array.of(0x7fc0, 0x7f80, 0xff80, 0x3f80),
    };
    const wide = '{"name":"w","datatype":"INT64","shape":[1],"data":[9007199254740993]}';
    for (const [datatype, elements] of Object.entries(expected)) {
      for (const space of ['', ' '.repeat(3000)]) {
        for (const [shape, data] of [
          ['[4]', `[NaN,Infinity,-Infinity,1${space}]`],
          ['[2,2]', `[[NaN,Infinity],[${space}-Infinity,1]]`],
        ]) {
          const text = `{"inputs":[${wide},{"name":"x","datatype":"${datatype}","shape":${shape},"data":${data}}]}`;
          const [w, x] = decode(text).inputs;
          expect(w?.data).toEqual(new Uint8Array(BigInt64Array.of(2n ** 53n + 1n).buffer));
          expect([datatype, x?.data]).toEqual([datatype, new Uint8Array(elements.buffer)]);
        }
      }
    }
  });

  test.each([
    ['INT32', 'element 1 is NaN, expected INT32, an integer'],
    ['UINT8', 'element 1 is NaN, expected UINT8, an integer'],
    ['INT64', 'element 1 is NaN, expected INT64, an integer'],
    ['BOOL', 'element 1 is NaN, expected BOOL, true or false'],
    ['BYTES', 'element 1 is NaN, expected BYTES, a string'],
  ])('refuses NaN in %s and names the input', (datatype, message) => {
    const first = datatype === 'BYTES' ? '"a"' : '1';
    for (const space of ['', ' '.repeat(3000)]) {
      for (const [shape, data] of [
        ['[2]', `[${first},NaN${space}]`],
        ['[1,2]', `[[${first}${space},NaN]]`],
      ]) {
        const text = `{"inputs":[{"name":"x","datatype":"${datatype}","shape":${shape},"data":${data}}]}`;
        expect(refusal(() => decode(text)).message).toContain(`input 'x': ${message}`);
      }
    }
  });

  test.each([
    ['{"inputs":NaN}', "'inputs': expected an array, got NaN"],
    ['{"inputs":[-Infinity]}', 'inputs[0]: expected an object, got -Infinity'],
    ['{"inputs":[],"id":NaN}', "'id': expected a string, got NaN"],
    ['{"inputs":[],"outputs":[{"name":"y","parameters":{"classification":Infinity}}]}', 'classification is Infinity'],
    ['{"inputs":[{"name":"x","datatype":"FP32","shape":[NaN],"data":[]}]}', "input 'x': shape[0] is NaN, expected an"],
    [
      '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":NaN}}]}',
      'is NaN, expected',
    ],
  ])('refuses a token where no float is meant: %s', (text, message) => {
    expect(refusal(() => decode(text)).message).toContain(message);
  });

  test('reads 64-bit integers by all their digits', () => {
    const text =
      '{"inputs":[{"name":"x","datatype":"UINT64","shape":[3],"data":[18446744073709551615,9007199254740993,5]}]}';
    const expected = BigUint64Array.of(2n ** 64n - 1n, 2n ** 53n + 1n, 5n);
    expect(decode(text).inputs[0]?.data).toEqual(new Uint8Array(expected.buffer));
  });

  test.each([
    [{ datatype: 'FLOAT' }, 'datatype is "FLOAT", expected one of BOOL UINT8'],
    [{ shape: 3 }, 'shape is 3, expected an array of integers'],
    [{ shape: [-1], data: [1] }, 'shape[0] is -1, expected an integer of 0 or more'],
    [{ shape: [1.5], data: [1] }, 'shape[0] is 1.5, expected an integer of 0 or more'],
    [{ shape: [2 ** 30, 2 ** 30], data: [1] }, 'shape [1073741824,1073741824] has more elements than can be counted'],
    [{ shape: [0, 2 ** 30, 2 ** 30], data: [] }, 'has more elements than can be counted'],
    [{}, "expected either 'data' or 'binary_data_size', got neither"],
    [{ data: [1], parameters: { binary_data_size: 4 } }, "expected either 'data' or 'binary_data_size', got both"],
    [
      { data: [1], parameters: { shared_memory_region: 'r' } },
      "shared memory ('shared_memory_region') is not supported",
    ],
    [{ data: 1 }, 'data is 1, expected an array'],
    [{ data: {} }, 'data is an object, expected an array'],
    [{ data: [1, 2] }, 'shape [1] has 1 elements, data has 2'],
    [{ shape: [], data: [1, 2] }, 'shape [] has 1 elements, data has 2'],
    [{ shape: [2, 2], data: [1, 2, 3] }, 'shape [2,2] has 4 elements, data has 3'],
    [{ shape: [2, 2], data: [[1, 2], [3]] }, 'shape is [2,2], but an array at dimension 1 has 1 elements'],
    [{ shape: [2, 2], data: [[1, 2], 3] }, 'expected an array of 2 at dimension 1, got 3'],
    [{ shape: [2, 2], data: [[1, 2]] }, 'shape is [2,2], but an array at dimension 0 has 1 elements'],
    [
      {
        shape: [2, 2],
        data: [
          [1, 2],
          [3, [4]],
        ],
      },
      'element 3 is an array, expected FP32, a number or null',
    ],
    [{ shape: [1, 1], data: [[[1]]] }, 'element 0 is an array, expected FP32'],
    [{ data: ['1'] }, 'element 0 is "1", expected FP32, a number or null'],
    [{ data: [1e39] }, 'element 0 is 1e+39, outside the range of FP32'],
    [{ datatype: 'FP16', data: [65520] }, 'element 0 is 65520, outside the range of FP16'],
    [{ datatype: 'BF16', data: [3.4e38] }, 'element 0 is 3.4e+38, outside the range of BF16'],
    [{ datatype: 'UINT8', shape: [4], data: [0, 1, 2, 300] }, 'element 3 is 300, outside UINT8 0..255'],
    [
      {
        datatype: 'UINT8',
        shape: [2, 2],
        data: [
          [0, 1],
          [2, -1],
        ],
      },
      'element 3 is -1, outside UINT8 0..255',
    ],
    [{ datatype: 'INT32', data: [1.5] }, 'element 0 is 1.5, expected INT32, an integer -2147483648..2147483647'],
    [{ datatype: 'INT32', data: [null] }, 'element 0 is null, expected INT32, an integer'],
    [{ datatype: 'INT32', data: [true] }, 'element 0 is true, expected INT32, an integer'],
    [{ datatype: 'INT64', data: [0.5] }, 'element 0 is 0.5, expected INT64, an integer'],
    [{ datatype: 'UINT64', data: [-1] }, 'element 0 is -1, outside UINT64 0..18446744073709551615'],
    [{ datatype: 'INT64', data: [1e300] }, 'element 0 is 1e+300, expected INT64'],
    [{ datatype: 'BOOL', data: [2] }, 'element 0 is 2, expected BOOL, true or false'],
    [{ datatype: 'BOOL', data: ['true'] }, 'element 0 is "true", expected BOOL'],
    [{ datatype: 'BYTES', data: [1] }, 'element 0 is 1, expected BYTES, a string'],
    [{ datatype: 'BYTES', data: ['\ud800'] }, 'element 0 has half a surrogate pair'],
  ])('%j is refused', (input, message) => {
    const refused = refusal(() => decodeInput(input));
    expect(refused.status).toBe(400);
    expect(refused.message).toMatch(/^input 'x': /);
    expect(refused.message).toContain(message);
  });

  test.each(['9223372036854775808', '-9223372036854775809'])('%s is outside INT64', (digits) => {
    const request = `{"inputs":[{"name":"x","datatype":"INT64","shape":[1],"data":[${digits}]}]}`;
    expect(refusal(() => decode(request)).message).toBe(
      `input 'x': element 0 is ${digits}, outside INT64 -9223372036854775808..9223372036854775807`,
    );
  });

  test('given twice is refused', () => {
    const input = { name: 'x', datatype: 'FP32', shape: [1], data: [1] };
    expect(refusal(() => decode({ inputs: [input, input] }))).toEqual({
      status: 400,
      message: "input 'x': given twice",
    });
  });
});

describe('the limits', () => {
  test('refuse too many inputs', () => {
    const inputs = Array.from({ length: 9 }, (_, i) => ({ name: `x${i}`, datatype: 'INT8', shape: [0], data: [] }));
    expect(refusal(() => decode({ inputs })).status).toBe(413);
    expect(decode({ inputs: inputs.slice(1) }).inputs).toHaveLength(8);
  });

  test('count the elements of all inputs together, before the data is looked at', () => {
    const input = (name: string, count: number) => ({ name, datatype: 'FP64', shape: [count], data: [] });
    expect(refusal(() => decode({ inputs: [input('x', 2 ** 40)] }))).toEqual({
      status: 413,
      message:
        "input 'x': too many elements, the limit of all tensors together is 10000, in which a string counts as 64",
    });
    const half = { ...input('a', 6000), data: Array(6000).fill(0) };
    expect(refusal(() => decode({ inputs: [half, { ...half, name: 'b' }] })).message).toContain("input 'b': too many");
  });

  test('hold for the binary forms', () => {
    expect(
      refusal(() => decodeBinary({ inputs: [binaryInput('BYTES', [10_001], 4)] }, [new Uint8Array(4)])).status,
    ).toBe(413);
    const inputs: Signature['inputs'] = [{ name: 'x', datatype: 'INT8', shape: [-1] }];
    const raw = { body: new Uint8Array(10_001), headerLength: '0', signature: { ...signature, inputs }, limits };
    expect(refusal(() => decodeInferRequest(raw)).status).toBe(413);
  });
});

describe('binary inputs', () => {
  test('stand behind the JSON in its order, mixed with JSON inputs', () => {
    const inputs = [
      binaryInput('UINT8', [3], 3, 'a'),
      { name: 'b', datatype: 'UINT8', shape: [1], data: [9] },
      binaryInput('UINT16', [1], 2, 'c'),
      binaryInput('BYTES', [2], 11, 'd'),
    ];
    const strings = Uint8Array.of(0, 0, 0, 0, 3, 0, 0, 0, 1, 0, 255);
    const request = decodeBinary({ inputs }, [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5), strings]);
    const data = request.inputs.map((input) => [input.data].flat().map((part) => Array.from(part)));
    expect(data).toEqual([[[1, 2, 3]], [[9]], [[4, 5]], [[], [1, 0, 255]]]);
  });

  test('of no elements need no bytes and no header', () => {
    expect(decodeBinary({ inputs: [binaryInput('FP32', [0, 4], 0)] }, [], null).inputs[0]?.data).toHaveLength(0);
    expect(decodeBinary({ inputs: [binaryInput('BYTES', [0], 0)] }, []).inputs[0]?.data).toEqual([]);
  });

  test.each<[string, Datatype, number[], unknown, number[], string]>([
    ['too few bytes for the shape', 'FP32', [2], 4, [0, 0, 0, 0], 'expected 8 bytes for FP32 [2], got 4'],
    ['too many bytes for the shape', 'UINT8', [1], 2, [0, 0], 'expected 1 bytes for UINT8 [1], got 2'],
    ['a truncated body', 'FP32', [1], 4, [0, 0], 'binary_data_size is 4, but 2 bytes of the body are left'],
    ['bytes that belong to no tensor', 'UINT8', [1], 1, [0, 0], 'the binary part has 2 bytes, its tensors'],
    ['a negative size', 'UINT8', [1], -1, [0], 'binary_data_size is -1, expected a number of bytes'],
    ['a size that is no integer', 'UINT8', [1], 0.5, [0], 'binary_data_size is 0.5, expected a number of bytes'],
    ['a size that is a string', 'UINT8', [1], '1', [0], 'binary_data_size is "1", expected a number of bytes'],
    ['a BOOL of 2', 'BOOL', [2], 2, [1, 2], 'element 1 is 2, expected BOOL 0 or 1'],
    ['more BYTES than lengths fit', 'BYTES', [2], 4, [0, 0, 0, 0], '2 BYTES elements need at least 8 bytes'],
    ['BYTES beyond the end', 'BYTES', [1], 5, [2, 0, 0, 0, 1], 'element 0 claims 2 bytes, 1 are left'],
    [
      'BYTES before the end',
      'BYTES',
      [1],
      5,
      [0, 0, 0, 0, 1],
      'its 1 BYTES elements end at byte 4, binary_data_size is 5',
    ],
    [
      'BYTES without a length',
      'BYTES',
      [2],
      8,
      [4, 0, 0, 0, 1, 1, 1, 1],
      'element 1 has no length, the data ends at byte 8',
    ],
  ])('%s is refused', (_, datatype, shape, size, part, message) => {
    const refused = refusal(() =>
      decodeBinary({ inputs: [binaryInput(datatype, shape, size)] }, [Uint8Array.from(part)]),
    );
    expect(refused.status).toBe(400);
    expect(refused.message).toContain(message);
  });

  test.each(['-1', '1.5', 'x', '', '1e2', '0x10', '14', '99999', '99999999999999999999', '12, 12'])(
    'header length %j is refused',
    (header) => {
      const { status, message } = refusal(() => decodeBinary({ inputs: [] }, [], header));
      expect(status).toBe(400);
      expect(message).toBe(`Inference-Header-Content-Length: expected 0 to 13, the bytes of the body, got "${header}"`);
    },
  );

  test('a header length inside the JSON is refused as JSON that ends too early', () => {
    expect(refusal(() => decodeBinary({ inputs: [] }, [], '5')).message).toContain('closing quote at position 5');
  });
});

describe('the raw form', () => {
  function raw(inputs: Signature['inputs'], body: Uint8Array) {
    return decodeInferRequest({ body, headerLength: '0', signature: { ...signature, inputs }, limits });
  }

  test('is the only input, its variable dimension taken from the size, all outputs binary', () => {
    const request = raw([{ name: 'x', datatype: 'FP32', shape: [-1, 2] }], new Uint8Array(24));
    expect(request.inputs[0]).toEqual({ name: 'x', datatype: 'FP32', shape: [3, 2], data: new Uint8Array(24) });
    expect(request).toMatchObject({ outputs: null, binaryOutputs: true, parameters: {} });
  });

  test('may be empty where the variable dimension may be 0', () => {
    expect(raw([{ name: 'x', datatype: 'FP32', shape: [-1, 2] }], new Uint8Array(0)).inputs[0]?.shape).toEqual([0, 2]);
  });

  test('of BYTES is one element without a length', () => {
    const request = raw([{ name: 'x', datatype: 'BYTES', shape: [-1] }], bytes('text'));
    expect(request.inputs[0]).toEqual({ name: 'x', datatype: 'BYTES', shape: [1], data: [bytes('text')] });
  });

  const x = { name: 'x', datatype: 'FP32' as Datatype, shape: [2] };
  test.each<[Signature['inputs'], string]>([
    [[], 'but the model has 0 inputs'],
    [[x, { ...x, name: 'z' }], 'but the model has 2 inputs'],
    [[{ ...x, shape: [-1, -1] }], "input 'x' is FP32 [-1,-1] with more than one variable dimension"],
    [[{ ...x, shape: [-1, 2] }], "input 'x': expected FP32 [-1,2], so a multiple of 8 bytes, got 4"],
    [[x], "input 'x': expected 8 bytes for FP32 [2], got 4"],
    [[{ ...x, datatype: 'BYTES', shape: [2] }], "input 'x' is BYTES [2] and only BYTES [1] can be sent so"],
  ])('of 4 bytes for %j is refused', (inputs, message) => {
    const refused = refusal(() => raw(inputs, new Uint8Array(4)));
    expect(refused.status).toBe(400);
    expect(refused.message).toContain(message);
  });
});
