import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactInteger, markWideIntegers } from '../../../worker/protocol/exact-integers.ts';
import { parseJson } from '../../../worker/protocol/json.ts';
import { findJsonFault } from '../../../worker/protocol/json-fault.ts';
import { parseWithTokens } from '../../../worker/protocol/non-finite.ts';

const limits = { maxDepth: 4, maxValues: 100 };

function parse(text: string) {
  return parseJson(new TextEncoder().encode(text), limits);
}

test.each([
  ['', 'expected a value at position 0 (line 1, column 1), got the end'],
  ['{"a":1,}', 'expected a key in double quotes at position 7 (line 1, column 8), got "}"'],
  ['{"a" 1}', 'expected \':\' at position 5 (line 1, column 6), got "1"'],
  ['[1 2]', "expected ',' or ']' at position 3 (line 1, column 4), got \"2\""],
  ['[1,\n nan]', 'expected a value at position 5 (line 2, column 2), got "n"'],
  ['[NaN, NaNN]', "expected ',' or ']' at position 9 (line 1, column 10), got \"N\""],
  ['{NaN:1}', 'expected a key in double quotes or \'}\' at position 1 (line 1, column 2), got "N"'],
  ['[NaN,-Infinit]', 'expected a digit at position 6 (line 1, column 7), got "I"'],
  ['\n\n\n [\n\n?', 'expected a value at position 7 (line 6, column 1), got "?"'],
  ['[1]x', 'expected the end of the JSON at position 3 (line 1, column 4), got "x"'],
  ['["a', "expected the string's closing quote at position 3 (line 1, column 4), got the end"],
  ['["\\x"]', 'expected an escape of a JSON string at position 3 (line 1, column 4), got "x"'],
  [
    '"\x1f"',
    'expected an escape instead of a control character in a string at position 1 (line 1, column 2), got "\x1f"',
  ],
  ['[01]', 'expected a number without leading zeros at position 1 (line 1, column 2), got "0"'],
  ['[1.]', 'expected a digit at position 3 (line 1, column 4), got "]"'],
  ['<html>', 'expected a value at position 0 (line 1, column 1), got "<"'],
])('%j is refused with the place of its fault', (text, message) => {
  expect(() => parse(text)).toThrow(
    expect.objectContaining({ status: 400, message: `the body is not JSON: ${message}` }),
  );
});

test('the fault finder and the parser agree on what is JSON, with the tokens that are read beside it', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '\\u12',
    '-',
    '0',
    '12',
    '.',
    'e',
    '+',
    ' ',
    'true',
    'null',
    '\n',
    'NaN',
    '-Infinity',
    'Inf',
  );
  const mutated = fc
    .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.nat({ max: 2 }), fc.oneof(pieces, fc.constant('')))
    .map(([text, at, cut, piece]) => {
      const position = at % (text.length + 1);
      return text.slice(0, position) + piece + text.slice(position + cut);
    });
  fc.assert(
    fc.property(
      fc.oneof(
        mutated,
        fc.array(pieces).map((parts) => parts.join('')),
      ),
      (text) => {
        let valid = true;
        try {
          parseWithTokens(text);
        } catch {
          valid = false;
        }
        const bytes = new TextEncoder().encode(text);
        const fault = findJsonFault(bytes);
        expect(fault === undefined).toBe(valid);
        // The text before the fault has no fault but its end.
        if (fault !== undefined)
          expect(findJsonFault(bytes.subarray(0, fault.position))?.position ?? fault.position).toBe(fault.position);
      },
    ),
    { numRuns: 3000 },
  );
});

test('more NaN and infinities than are read are refused, and not as a fault of the JSON', () => {
  const text = `[${'NaN,'.repeat(262_144)}Infinity]`;
  expect(() => parseJson(new TextEncoder().encode(text), { maxDepth: 4, maxValues: 1e6 })).toThrow(
    expect.objectContaining({ code: 'TOO_LARGE', message: expect.stringContaining('more than 262144 NaN') }),
  );
});

test('bytes that are not UTF-8 are refused', () => {
  expect(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22), limits)).toThrow(
    'the body is not JSON: it is not valid UTF-8',
  );
});

test('nesting is bounded, brackets in strings do not count', () => {
  expect(parse('[[[["[[[[{{\\"[["]]]]').value).toEqual([[[['[[[[{{"[[']]]]);
  expect(() => parse('[[[[[]]]]]')).toThrow(
    expect.objectContaining({ status: 400, message: 'the JSON is nested deeper than 4 levels' }),
  );
  expect(() => parse('['.repeat(1_000_000))).toThrow('nested deeper');
});

test('the number of values is bounded before parsing, commas in strings do not count', () => {
  expect(parse(`[${Array(100).fill('",,"').join(',')}]`).value).toHaveLength(100);
  expect(() => parse(`[${Array(101).fill('[]').join(',')}]`)).toThrow(expect.objectContaining({ status: 413 }));
});

describe('a member that is called like a prototype', () => {
  const names = ['__proto__', 'constructor', 'prototype', '__pr\\u006fto__', '\\u0063onstructor', '\\u005F_proto__'];
  test.each(names)('%s is refused by its name, wherever it is', (name) => {
    const told = `the JSON: '${JSON.parse(`"${name}"`)}' is refused as a name, because JavaScript objects inherit it; use another`;
    for (const text of [`{"${name}":1}`, `[{"a":[{"${name}" : 1}]}]`, `{"a":1,\n"${name}"\t:1}`]) {
      expect(() => parse(text)).toThrow(expect.objectContaining({ status: 400, message: told }));
    }
  });

  test.each(['__proto', 'Constructor', 'prototypes', '__proto__ ', 'a"constructor', 'toString'])(
    '%j is a name',
    (name) => {
      expect(parse(JSON.stringify({ [name]: 1 })).value).toEqual({ [name]: 1 });
    },
  );

  test('as a value is a text like any other', () => {
    expect(parse('["__proto__",{"a":"constructor"}]').value).toEqual(['__proto__', { a: 'constructor' }]);
  });
});

test('exact keeps the digits of integers beyond 2^53 and nothing else changes', () => {
  const text =
    '{"a":[9007199254740993,-9223372036854775808,7,1e300,0.5,"9007199254740993"],"c":{"b":18446744073709551615}}';
  const json = parse(text);
  expect(json.value).toEqual(JSON.parse(text));
  const big = json.exact() as { a: unknown[]; c: { b: unknown } };
  const exact = (value: unknown) => exactInteger(value) ?? value;
  expect(big.a.map(exact)).toEqual([9007199254740993n, -9223372036854775808n, 7, 1e300, 0.5, '9007199254740993']);
  expect(exact(big.c.b)).toBe(18446744073709551615n);
});

test('exactly the integers of 16 to 20 plain digits are marked, and nothing else changes', () => {
  const number = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }).map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
    fc.constantFrom(
      '1234567890123456.5',
      '1234567890123456e2',
      '0.1234567890123456789',
      '1e-12345678901234567',
      '123456789012345678901',
    ),
  );
  const text = fc.array(
    fc.oneof(
      number,
      fc.string().map((value) => JSON.stringify(value)),
    ),
  );
  fc.assert(
    fc.property(text, (items) => {
      const marked = markWideIntegers(new TextEncoder().encode(`[${items.join(', ')}]`));
      const values = JSON.parse(marked ?? `[${items.join(',')}]`) as unknown[];
      const expected = items.map((item) => (/^-?\d{16,20}$/.test(item) ? BigInt(item) : JSON.parse(item)));
      expect(values.map((value) => exactInteger(value) ?? value)).toEqual(expected);
    }),
  );
});

test('arrays and objects, and members of one object, are bounded before parsing', () => {
  const bounds = { maxDepth: 8, maxValues: 1000, maxContainers: 10, maxMembers: 3 };
  const parsed = (body: string) => parseJson(new TextEncoder().encode(body), bounds).value;
  expect(parsed('[[],[],[],[],[],[],[],[],{}]')).toHaveLength(9);
  expect(() => parsed('[[],[],[],[],[],[],[],[],[],{}]')).toThrow('more than 10 arrays and objects');
  expect(parsed('[{"a":1,"b":2,"c":3},{"a":{"x":1,"y":2,"z":3}}]')).toHaveLength(2);
  expect(() => parsed('[{"a":1,"b":[":",{"x":1}],"c":3,"d":4}]')).toThrow('more than 3 members in one object');
});

test('a large body that is not JSON is refused without a search for the place', () => {
  const text = `[${' '.repeat(4 * 1_048_576)}`;
  expect(() => parse(text)).toThrow(/^the body is not JSON; in bodies of at most 4194304 bytes this message names/);
});
