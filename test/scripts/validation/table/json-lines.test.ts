// JSON lines: exact integers, and everything that JSON.parse would lose without a word.
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { parseJsonLine } from '../../../../scripts/validation/table/parse-json-line.ts';
import { DataFolder, input, signature } from './table-data.ts';

const folder = new DataFolder();
afterAll(() => folder.remove());

const id = signature(input('id', 'INT64'));
const unsigned = signature(input('id', 'UINT64'));
const float = signature(input('x', 'FP32'));

const wide = [2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 1_732_790_000_123_456_789n, -(2n ** 63n), 2n ** 63n - 1n];

describe('integers of 2^53 and more', () => {
  it.each(['t.jsonl', 't.csv'])('are exact in %s', async (name) => {
    const csv = `id,label\n${wide.map((value) => `${value},0\n`).join('')}`;
    const lines = wide.map((value) => `{"id":${value},"label":0}\n`).join('');
    expect(await folder.inputs(name, name.endsWith('.csv') ? csv : lines, id)).toEqual({ id: wide });
  });

  it('are exact in quotes, in lists, without sign, and as data without a truth', async () => {
    const most = 2n ** 64n - 1n;
    expect(await folder.inputs('t.jsonl', `{"id":"${most}","label":0}\n`, unsigned)).toEqual({ id: [most] });
    expect(await folder.inputs('t.jsonl', `{"id":${most}}\n`, unsigned, { needsTruth: false })).toEqual({ id: [most] });
    const pair = signature(input('id', 'INT64', [-1, 2]));
    expect(await folder.inputs('t.jsonl', `{"id":[${wide[2]},[${wide[3]}]],"label":0}\n`, pair)).toEqual({
      id: [wide[2], wide[3]],
    });
  });

  it('are exact as the truth', async () => {
    const { truth } = await folder.read('t.jsonl', `{"id":1,"label":${wide[2]}}\n{"id":2,"label":1.50}\n`, id);
    expect(truth).toEqual(['9007199254740993', '1.50']);
  });

  it.each([
    [id, '12345678901234567890', 'outside -9223372036854775808 to 9223372036854775807'],
    [unsigned, '18446744073709551616', 'outside 0 to 18446744073709551615'],
    [unsigned, '-1', 'outside 0 to'],
    [id, '1e19', 'plain digits'],
  ])('are refused beyond the range', async (model, text, words) => {
    await expect(folder.read('t.jsonl', `{"id":${text},"label":0}\n`, model)).rejects.toThrow(words);
  });
});

describe('a line', () => {
  it('may have NaN and infinities, as Python writes them', async () => {
    const lines = ['NaN', 'Infinity', '-Infinity', 'null', 'true'].map((x) => `{"x":${x},"label":0}\n`).join('');
    expect(await folder.inputs('t.jsonl', lines, float)).toEqual({
      x: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1],
    });
  });

  it('may have members that no input takes, nested ones as well', async () => {
    const line = '{"meta":{"a":[{}],"a2":"}"},"x":1,"label":0,"extra":[1]}\r\n';
    expect(await folder.inputs('t.jsonl', line, float)).toEqual({ x: [1] });
  });

  it.each([
    ['the same name twice', '{"x":1,"x":2,"label":0}', "t.jsonl, line 1: 'x' is there twice"],
    ['the same name twice, once escaped', '{"x":1,"\\u0078":2,"label":0}', "'x' is there twice"],
    ['the same name twice within', '{"x":1,"label":0,"m":{"a":1,"a":2}}', "'a' is there twice"],
    [
      'no value for an input',
      '{"x":1,"label":0}\n{"label":0}',
      "row 2, column 'x': the row has no such key; a missing value is written null",
    ],
    ['no truth', '{"x":1,"label":0}\n{"x":2}', "row 2: expected the truth in column 'label', got null"],
    ['NaN for its truth', '{"x":1,"label":NaN}', "row 1: expected the truth in column 'label'"],
    ['an object for an input', '{"x":{"v":1},"label":0}', 'expected FP32 for input'],
    ['a list that is too long', '{"x":[1,2],"label":0}', "expected 1 elements for input 'x', got 2"],
    ['a hexadecimal number', '{"x":0x10,"label":0}', "line 1: expected JSON, ',' or '}' at column 7"],
    ['a number that starts with a zero', '{"x":012,"label":0}', "',' or '}' at column 7"],
    ['a comma at its end', '{"x":1,"label":0,}', 'expected JSON, a name in double quotes at column 18'],
    ['single quotes', "{'x':1}", 'a name in double quotes at column 2'],
    ['a control character', '{"x":"a\tb","label":0}', 'without control characters'],
    ['a half escape', '{"x":"\\u12","label":0}', 'the escapes of JSON'],
    ['two objects', '{"x":1,"label":0}{"x":1}', 'the end of the line at column 18'],
    ['an end too early', '{"x":1,"label":0', 'got its end'],
    ['half a surrogate pair', '{"x":"\\ud800","label":0}', 'expected FP32'],
    ['one name in two Unicode forms', '{"x":1,"label":0,"é":1}\n{"x":1,"label":0,"e\u0301":1}', 'in two Unicode forms'],
    ['too many levels', `{"x":${'['.repeat(40)}`, 'nested deeper than 32 levels'],
  ])('is refused with %s', async (_, text, words) => {
    await expect(folder.read('t.jsonl', `${text}\n`, float)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(words),
    });
  });

  it('keeps names that objects have of themselves', async () => {
    const odd = signature(input('__proto__', 'FP32'), input('constructor', 'FP32'));
    expect(await folder.inputs('t.jsonl', '{"__proto__":1,"constructor":2,"label":0}\n', odd)).toEqual(
      Object.fromEntries([
        ['__proto__', [1]],
        ['constructor', [2]],
      ]),
    );
    await expect(folder.read('t.jsonl', '{"__proto__":1,"label":0}\n', odd)).rejects.toThrow("input 'constructor'");
  });

  it('is what JSON.parse reads, with numbers as they are written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 3 })), (object) => {
        const members = parseJsonLine(JSON.stringify(object), 'line 1');
        expect([...members.keys()].sort()).toEqual(Object.keys(object).sort());
        for (const [key, value] of Object.entries(object)) {
          const expected = typeof value === 'number' ? JSON.stringify(value) : value;
          if (typeof value !== 'object' || value === null) expect(members.get(key)).toEqual(expected);
        }
      }),
    );
  });
});
