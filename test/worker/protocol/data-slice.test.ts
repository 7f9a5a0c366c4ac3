// Long arrays that are read from the bytes: the same elements and the same refusals as through JSON.parse.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PopserveError } from '../../../registry/errors.ts';
import { decodeDataSlice } from '../../../worker/protocol/data-slice.ts';
import { decodeTensors } from '../../../worker/protocol/decode-tensors.ts';
import { type Packing, parseJson } from '../../../worker/protocol/json.ts';
import { NotJson } from '../../../worker/protocol/slice-reader.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';

const encoder = new TextEncoder();
/** Long enough to be looked at. */
const padding = ' '.repeat(2048);

function read(elements: readonly string[], datatype: 'FP32' | 'FP64' = 'FP32'): Tensor['data'] | null {
  const text = `[${elements.join(',')}${padding}]`;
  const bytes = encoder.encode(text);
  const slice = { bytes, start: 0, end: bytes.length, commas: text.split(',').length - 1, containers: 1 };
  const target = { where: 'x', datatype, shape: [elements.length], count: elements.length };
  try {
    return decodeDataSlice(target, slice);
  } catch (error) {
    if (error instanceof NotJson || error instanceof PopserveError) return null;
    throw error;
  }
}

const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 25 });
const written = fc
  .tuple(
    fc.boolean(),
    fc.oneof(
      fc.constant('0'),
      digits.map((text) => text.replace(/^0+(?=.)/, '')),
    ),
    fc.option(digits),
    fc.option(fc.integer({ min: -60, max: 60 })),
  )
  .map(([negative, integer, fraction, exponent]) => {
    return `${negative ? '-' : ''}${integer}${fraction === null ? '' : `.${fraction}`}${exponent === null ? '' : `e${exponent}`}`;
  });
const printed = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => value.toPrecision(9)),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => value.toFixed(20)),
  // Half-way between two FP32, and the digits beyond decide.
  fc
    .tuple(fc.integer({ min: 2 ** 23, max: 2 ** 24 - 1 }), fc.constantFrom('', '0000000000000001', '9'))
    .map(([n, tail]) => `${n}.5${tail}`),
  fc.constantFrom(
    '0',
    '-0',
    '0.0',
    '1E+2',
    '1e-2',
    '3.4028235677973366e38',
    '3.4028235e38',
    '1e-45',
    '7e-46',
    '1e-400',
    '1e400',
  ),
);

test('NaN and infinities are read as floats, and are no overflow', () => {
  for (const datatype of ['FP32', 'FP64'] as const) {
    const made = { FP32: Float32Array, FP64: Float64Array }[datatype].of(
      1,
      Number.NaN,
      Infinity,
      -Infinity,
      Number.NaN,
    );
    expect(read(['1', 'NaN', ' Infinity ', '-Infinity', 'null'], datatype)).toEqual(new Uint8Array(made.buffer));
    const quoted = ['1', '"NaN"', '"Infinity"', '"-Infin\\u0069ty"', '"NaN"'];
    expect(read(quoted, datatype)).toEqual(new Uint8Array(made.buffer));
    for (const other of [
      '"nan"',
      '"NaN "',
      '"1"',
      '"',
      '1e400',
      '-1e400',
      'NaNs',
      'infinity',
      '+Infinity',
      '-NaN',
      'Infinity1',
    ]) {
      expect([other, read(['1', other], datatype)]).toEqual([other, null]);
    }
  }
});

test('floats are the bits that JSON.parse gives', () => {
  const arrays = { FP32: Float32Array, FP64: Float64Array };
  fc.assert(
    fc.property(
      fc.constantFrom('FP32' as const, 'FP64' as const),
      fc.array(fc.oneof(written, printed), { minLength: 1, maxLength: 40 }),
      (datatype, elements) => {
        const expected = arrays[datatype].from(JSON.parse(`[${elements.join(',')}]`) as number[]);
        if (expected.every(Number.isFinite)) expect(read(elements, datatype)).toEqual(new Uint8Array(expected.buffer));
        else expect(read(elements, datatype)).toBeNull();
      },
    ),
    { numRuns: 3000 },
  );
});

test.each(['01', '1.', '.5', '+1', '-', '1e', '1e+', '1 2', '', '1,', '--1', '1.2.3', '-01'])(
  'what is not JSON, as %j, is not read',
  (element) => {
    expect(read(['1', element, '2'])).toBeNull();
  },
);

/** The result of a message, with and without reading arrays from the bytes. */
function outcome(text: string, packing: Packing): unknown {
  try {
    const json = parseJson(encoder.encode(text), { maxDepth: 8, maxValues: 10_000 }, packing);
    const tensors = decodeTensors('input', json, new Uint8Array(), { maxTensors: 4, maxElements: 10_000 });
    json.settle();
    return tensors.map(({ data, ...tensor }) => ({
      ...tensor,
      data: data instanceof Uint8Array ? [...data] : data.map((element) => [...element]),
    }));
  } catch (error) {
    return String(error);
  }
}

const datatype = fc.constantFrom(
  ...(['FP32', 'FP64', 'FP16', 'BF16', 'INT64', 'UINT64', 'INT32', 'UINT8', 'BOOL', 'BYTES'] as const),
);

test('a message means the same either way, whatever is wrong with it', () => {
  const piece = fc.constantFrom(
    ...['1', '0', '-2.5', 'null', '"a"', '"\\u00e9\\n"', '"\\ud800"', '"é"', '[1]', '{"a":[]}', '1e400', '01', ''],
    ...['NaN', 'Infinity', '-Infinity', '-NaN', 'Infinit', 'NaN1', '"NaN"', '"-Infinity"', '"\\u004eaN"', '"NaN1"'],
    ...['1 2', '9007199254740993', '9007199254740993.0', '18446744073709551615', 'true', 'false', 'tru', '"\u0001"'],
  );
  const array = fc.array(piece, { maxLength: 4 }).map((pieces) => `[${pieces.join(',')}${padding}]`);
  const key = fc.constantFrom('"data"', '"data" ', '"d\\u0061ta"', '"x":1,"data"', '"data":[2],"data"');
  const extra = fc.constantFrom('', ',"other":{"data":[01', ',"parameters":{"data":[1', ',"note":"\\"data\\":["');
  fc.assert(
    fc.property(key, array, datatype, fc.integer({ min: 0, max: 4 }), extra, (name, data, type, count, more) => {
      const rest = more.endsWith('[01') || more.endsWith('[1') ? `${more}${padding}]}` : more;
      const text = `{"inputs":[{"name":"é","datatype":"${type}","shape":[${count}],${name}:${data}${rest}}]}`;
      const [packed, plain] = [outcome(text, 'tensors'), outcome(text, 'none')];
      // If there are two faults, another one may be met first.
      if ((more !== '' || type.endsWith('INT64')) && typeof plain === 'string') expect(packed).toBeTypeOf('string');
      else expect(packed).toEqual(plain);
    }),
    { numRuns: 3000 },
  );
});

test('nested arrays give the same elements either way, and the same refusals', () => {
  const number = fc.constantFrom('1', '0', '1.5', '-3', '"a"', 'true', 'NaN', '-Infinity', '"Infinity"');
  const nested = (depth: number): fc.Arbitrary<string> =>
    depth === 0
      ? number
      : fc.array(nested(depth - 1), { minLength: 1, maxLength: 3 }).map((items) => `[${items.join(' , ')}]`);
  const shape = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 3 });
  fc.assert(
    fc.property(shape, fc.integer({ min: 1, max: 3 }).chain(nested), datatype, (dims, data, type) => {
      const padded = data.replace('[', `[${padding}`);
      const text = `{"inputs":[{"name":"x","datatype":"${type}","shape":${JSON.stringify(dims)},"data":${padded}}]}`;
      const [packed, plain] = [outcome(text, 'tensors'), outcome(text, 'none')];
      // In arrays with two faults another one may be met first.
      if (typeof plain === 'string') expect(packed).toBeTypeOf('string');
      else expect(packed).toEqual(plain);
    }),
    { numRuns: 3000 },
  );
});

test('a placeholder cannot be sent', () => {
  const numbers = `[${'1.5,'.repeat(600)}1.5]`;
  const text = `{"inputs":[{"data":${numbers}}],"other":["0"]}`;
  const json = parseJson(encoder.encode(text), { maxDepth: 8, maxValues: 1000 }, 'tensors');
  const value = json.value as { inputs: { data: unknown }[]; other: unknown };
  expect(json.sliceOf(value.inputs[0]?.data)).toMatchObject({ commas: 600, containers: 1 });
  expect(json.sliceOf(value.other)).toBeNull();
});

test('elements of long arrays count towards no limit of what is parsed', () => {
  const body = encoder.encode(`{"inputs":[{"data":[${'[],'.repeat(5000)}[]]}],"outputs":[]}`);
  const bounds = { maxDepth: 8, maxValues: 10, maxContainers: 10, maxMembers: 10 };
  expect(() => parseJson(body, bounds, 'tensors')).not.toThrow();
  expect(() => parseJson(body, bounds)).toThrow('more than 10');
});
