import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from '../../../worker/protocol/json.ts';
import { findJsonFault } from '../../../worker/protocol/json-fault.ts';

const limits = { maxDepth: 4, maxValues: 100 };

function parse(text: string) {
  return parseJson(new TextEncoder().encode(text), limits);
}

test.each([
  ['', 'expected a value at position 0 (line 1, column 1), got the end'],
  ['{"a":1,}', 'expected a key in double quotes at position 7 (line 1, column 8), got "}"'],
  ['{"a" 1}', 'expected \':\' at position 5 (line 1, column 6), got "1"'],
  ['[1 2]', "expected ',' or ']' at position 3 (line 1, column 4), got \"2\""],
  ['[1,\n NaN]', 'expected a value at position 5 (line 2, column 2), got "N"'],
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

test('the fault finder and JSON.parse agree on what is JSON', () => {
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
          JSON.parse(text);
        } catch {
          valid = false;
        }
        const fault = findJsonFault(text);
        expect(fault === undefined).toBe(valid);
        // What stands before the fault is no fault of its own: only its end can be.
        if (fault !== undefined)
          expect(findJsonFault(text.slice(0, fault.position))?.position ?? fault.position).toBe(fault.position);
      },
    ),
    { numRuns: 3000 },
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

test('exact keeps the digits of integers beyond 2^53 and nothing else changes', () => {
  const text =
    '{"a":[9007199254740993,-9223372036854775808,7,1e300,0.5,"9007199254740993"],"__proto__":{"b":18446744073709551615}}';
  const json = parse(text);
  expect(json.value).toEqual(JSON.parse(text));
  const big = json.exact() as { a: unknown[] };
  expect(big.a).toEqual([9007199254740993n, -9223372036854775808n, 7, 1e300, 0.5, '9007199254740993']);
  expect(Object.getOwnPropertyDescriptor(big, '__proto__')?.value).toEqual({ b: 18446744073709551615n });
});
