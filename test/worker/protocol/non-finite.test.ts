// NaN, Infinity and -Infinity as bare tokens in JSON.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  nonFiniteNumber,
  nonFiniteOf,
  nonFiniteTokens,
  parseWithTokens,
  withNumbers,
  writeJson,
} from '../../../worker/protocol/non-finite.ts';

const parsed = (text: string) => withNumbers(parseWithTokens(text));

test('a token may stand wherever a value may', () => {
  expect(parsed('NaN')).toBeNaN();
  expect(parsed(' -Infinity ')).toBe(Number.NEGATIVE_INFINITY);
  expect(parsed('{"a":NaN,"b":[Infinity,\n-Infinity ,{"c":[[NaN]]}],"d":-1}')).toEqual({
    a: Number.NaN,
    b: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, { c: [[Number.NaN]] }],
    d: -1,
  });
});

test('it is no number, string or object, until somebody who knows it asks for its number', () => {
  const [nan, infinity] = parseWithTokens('[NaN,Infinity]') as unknown[];
  expect([typeof nan, typeof infinity]).toEqual(['symbol', 'symbol']);
  expect([nonFiniteNumber(nan), nonFiniteNumber(infinity)]).toEqual([Number.NaN, Number.POSITIVE_INFINITY]);
  for (const value of [null, 0, 'NaN', Number.NaN, {}]) expect(nonFiniteNumber(value)).toBeNull();
});

test('within a string it is text', () => {
  expect(parsed('["NaN","a\\"NaN","\\\\",NaN]')).toEqual(['NaN', 'a"NaN', '\\', Number.NaN]);
  expect(parsed('{"NaN":NaN}')).toEqual({ NaN: Number.NaN });
});

test.each([
  '{NaN:1}',
  '{"a":1,NaN :NaN}',
  '[-NaN]',
  '[+Infinity]',
  '[--Infinity]',
  '[- Infinity]',
  '[nan]',
  '[infinity]',
  '[NaNa]',
  '[NaN1]',
  '[1NaN]',
  '[NaN NaN]',
  '[InfinityNaN]',
  '[Infinit]',
  '[NaN',
  '["NaN]',
  'NaN,',
])('%s is not read', (text) => {
  expect(() => parseWithTokens(text)).toThrow(SyntaxError);
});

test('what is JSON otherwise is read as JSON.parse reads it, with the tokens in their places', () => {
  const token = fc.constantFrom(...nonFiniteTokens).map((text) => ({ token: text }));
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      token,
      fc.jsonValue({ maxDepth: 0 }),
      fc.array(tie('value'), { maxLength: 5 }),
      fc.dictionary(
        fc.string().filter((name) => name !== '__proto__'),
        tie('value'),
        { maxKeys: 4 },
      ),
    ),
  }));
  fc.assert(
    fc.property(value, (made) => {
      expect(parsed(written(made))).toEqual(meant(made));
    }),
    { numRuns: 1000 },
  );
});

interface Token {
  readonly token: string;
}

function isToken(value: unknown): value is Token {
  return typeof value === 'object' && value !== null && 'token' in value && Object.keys(value).length === 1;
}

function written(value: unknown): string {
  if (isToken(value)) return value.token;
  if (Array.isArray(value)) return `[${value.map(written).join(' , ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value).map(([name, part]) => `${JSON.stringify(name)}: ${written(part)}`)}}`;
}

function meant(value: unknown): unknown {
  if (isToken(value)) return Number(value.token);
  if (Array.isArray(value)) return value.map(meant);
  if (typeof value !== 'object' || value === null) return JSON.parse(JSON.stringify(value));
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, meant(part)]));
}

describe('in a query', () => {
  test.each([
    ['nan', Number.NaN],
    ['NaN', Number.NaN],
    ['inf', Number.POSITIVE_INFINITY],
    ['+Infinity', Number.POSITIVE_INFINITY],
    ['-INF', Number.NEGATIVE_INFINITY],
    ['-infinity', Number.NEGATIVE_INFINITY],
  ])('%s is a number', (text, number) => {
    expect(nonFiniteNumber(nonFiniteOf(text))).toBe(number);
  });

  test.each(['', 'nano', '-nan', 'in', 'infinite', 'null', '1'])('%j is none', (text) => {
    expect(nonFiniteOf(text)).toBeNull();
  });
});

test('a value is written as JSON.stringify writes it, but for the tokens where they are asked for', () => {
  const value = [
    { label: 'a', score: Number.NaN, box: undefined, more: { x: [-Infinity, Infinity, -1.5, null, true] } },
  ];
  expect(writeJson(value, 'null')).toBe(JSON.stringify(value));
  expect(writeJson(value, 'bare')).toBe('[{"label":"a","score":NaN,"more":{"x":[-Infinity,Infinity,-1.5,null,true]}}]');
  fc.assert(
    fc.property(fc.jsonValue(), (any) => {
      expect(JSON.parse(writeJson(any, 'bare'))).toEqual(JSON.parse(JSON.stringify(any)));
    }),
  );
});
