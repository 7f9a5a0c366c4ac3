// Long arrays of numbers that are read from the bytes: the same elements and the same refusals as through JSON.parse.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeTensors } from '../../../worker/protocol/decode-tensors.ts';
import { parseJson } from '../../../worker/protocol/json.ts';
import { findNumberArray, readFloat32 } from '../../../worker/protocol/number-array.ts';

const encoder = new TextEncoder();
/** Long enough to be looked at. */
const padding = ' '.repeat(2048);

function read(elements: readonly string[]): Float32Array | null {
  const bytes = encoder.encode(`[${elements.join(',')}${padding}]`);
  const found = findNumberArray(bytes, 1);
  expect(found).toMatchObject({ start: 1, end: bytes.length - 1 });
  return found && readFloat32(found);
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

test('FP32 are the bits that JSON.parse and Math.fround give', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(written, printed), { minLength: 1, maxLength: 40 }), (elements) => {
      const expected = Float32Array.from(JSON.parse(`[${elements.join(',')}]`) as number[]);
      if (expected.every(Number.isFinite)) expect(read(elements)).toEqual(expected);
      else expect(read(elements)).toBeNull();
    }),
    { numRuns: 2000 },
  );
});

test.each(['01', '1.', '.5', '+1', '-', '1e', '1e+', '1 2', '', '1,', '--1', '1.2.3', '-01'])(
  'what is not JSON, as %j, is not read',
  (element) => {
    expect(read(['1', element, '2'])).toBeNull();
  },
);

/** What a message gives, with and without reading numbers from the bytes. */
function outcome(text: string, packNumbers: boolean): unknown {
  try {
    const json = parseJson(encoder.encode(text), { maxDepth: 8, maxValues: 10_000 }, packNumbers);
    const tensors = decodeTensors('input', json, new Uint8Array(), { maxTensors: 4, maxElements: 10_000 });
    json.settle();
    return tensors;
  } catch (error) {
    return String(error);
  }
}

test('a message means the same either way, whatever is wrong with it', () => {
  const piece = fc.constantFrom(
    ...['1', '-2.5', 'null', '"a"', '[1]', '1e400', '01', '', '1 2', '9007199254740993', 'true'],
  );
  const array = fc.array(piece, { maxLength: 4 }).map((pieces) => `[${pieces.join(',')}${padding}]`);
  const key = fc.constantFrom('"data"', '"data" ', '"d\\u0061ta"', '"x":1,"data"', '"data":[2],"data"');
  const datatype = fc.constantFrom('FP32', 'FP64', 'INT64', 'BYTES', 'UINT8');
  const extra = fc.constantFrom('', ',"other":{"data":[01', ',"parameters":{"data":[1', ',"note":"\\"data\\":["');
  fc.assert(
    fc.property(key, array, datatype, fc.integer({ min: 0, max: 4 }), extra, (name, data, type, count, more) => {
      const rest = more.endsWith('[01') || more.endsWith('[1') ? `${more}${padding}]}` : more;
      const text = `{"inputs":[{"name":"é","datatype":"${type}","shape":[${count}],${name}:${data}${rest}}]}`;
      const [packed, plain] = [outcome(text, true), outcome(text, false)];
      // Of two faults another one may be met first.
      if (more !== '' && typeof plain === 'string') expect(packed).toBeTypeOf('string');
      else expect(packed).toEqual(plain);
    }),
    { numRuns: 2000 },
  );
});

test('a placeholder cannot be sent', () => {
  const numbers = `[${'1.5,'.repeat(600)}1.5]`;
  const json = parseJson(encoder.encode(`{"data":${numbers},"other":["0"]}`), { maxDepth: 8, maxValues: 1000 }, true);
  const value = json.value as { data: unknown; other: unknown };
  expect(json.numbersOf(value.data)).toMatchObject({ count: 601 });
  expect(json.numbersOf(value.other)).toBeNull();
  expect(json.plain()).toEqual({ data: JSON.parse(numbers), other: ['0'] });
});
