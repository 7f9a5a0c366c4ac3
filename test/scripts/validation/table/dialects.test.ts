// CSV in the dialects of spreadsheets, pandas, R and scipy: what is read, what is asked for, what is refused.
import { afterAll, describe, expect, it } from 'vitest';
import { DataFolder, input, signature } from './table-data.ts';

const folder = new DataFolder();
afterAll(() => folder.remove());

const numbers = signature(input('a', 'FP64'), input('b', 'FP64'));
const read = (text: string, options = {}) => folder.inputs('t.csv', text, numbers, options);
const notesOf = async (text: string, options = {}) => (await folder.read('t.csv', text, numbers, options)).notes;

const twoRows = { a: [1, 3], b: [2, 4] };

describe('rows and cells', () => {
  it.each([
    ['a byte order mark and CRLF', '\ufeffa,b,label\r\n1,2,x\r\n3,4,y\r\n'],
    ['CR alone', 'a,b,label\r1,2,x\r3,4,y\r'],
    ['line ends of both kinds', 'a,b,label\r\n1,2,x\n3,4,y\r\n'],
    ['no line end at the end', 'a,b,label\n1,2,x\n3,4,y'],
    ['quotes around everything', '"a","b","label"\n"1","2","x"\n"3","4","y"\n'],
    ['spaces around numbers and names', ' a , b ,label\n 1 , 2 ,x\n3 ,\t4,y\n'],
    ['the index of pandas', ',a,b,label\n0,1,2,x\n1,3,4,y\n'],
    ['a separator at the end of every line', 'a,b,label,\n1,2,x,\n3,4,y,\n'],
    ['a separator at the end of the header alone', 'a,b,label,\n1,2,x\n3,4,y\n'],
    ['units and other case', 'A (cm),b [kg],label\n1,2,x\n3,4,y\n'],
    ['empty lines at the end', 'a,b,label\n1,2,x\n3,4,y\n\n  \n'],
    ['exponents and signs', 'a,b,label\n1e0,+2,x\n.3e1,4.,y\n'],
  ])('are read with %s, without a word', async (_, text) => {
    expect(await read(text, { label: 'label' })).toEqual(twoRows);
    expect(await notesOf(text, { label: 'label' })).toEqual([]);
  });

  it('are read with a separator at the end of each row, and with empty lines, which is told', async () => {
    const ended = 'a,b,label\n1,2,x,\n3,4,y,\n';
    expect(await read(ended)).toEqual(twoRows);
    expect(await notesOf(ended)).toContain('t.csv: the separator at the end of each row is ignored');
    expect(await notesOf('a,b,label\n1,2,x\n\n\n3,4,y\n')).toContain('t.csv: 2 empty lines are skipped');
  });

  it.each([
    ['a short row', 'a,b,label\n1,2,x\n3,4\n', 't.csv, row 2: expected 3 cells as in the header, got 2'],
    ['a long row', 'a,b,label\n1,2,x,9\n3,4,y,\n', 't.csv, row 1: expected 3 cells as in the header, got 4'],
    [
      'rows with the names of R',
      'a,b,label\n"1",1,2,x\n"2",3,4,y\n',
      'row 1: expected 3 cells as in the header, got 4',
    ],
    ['a column twice', 'a,b,a,label\n1,2,3,x\n', "t.csv: column 'a' is there twice"],
    ['a quote that is not closed', 'a,b,label\n1,"2,x\n', 't.csv: Quote Not Closed'],
    ['no rows', 'a,b,label\n', 't.csv: expected at least one row'],
    ['nothing', '', 't.csv: expected at least one row'],
  ])('are refused with %s', async (_, text, words) => {
    await expect(read(text)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(words),
    });
  });

  it('of texts keep their spaces', async () => {
    const texts = signature(input('t', 'BYTES'));
    expect(await folder.inputs('s.csv', 't,label\n New York ,1\n" a, b ",0\n', texts)).toEqual({
      t: [' New York ', ' a, b '],
    });
  });
});

describe('the separator', () => {
  it.each([
    ['semicolons', 'a;b;label\n1;2;x\n3;4;y\n', ';'],
    ['tabs', 'a\tb\tlabel\n1\t2\tx\n3\t4\ty\n', '\t'],
    ['vertical bars', 'a|b|label\n1|2|x\n3|4|y\n', '|'],
    ['semicolons', 'a;b;"label, as said"\n1;2;x\n3;4;y\n', ';'],
    ['semicolons', 'a;b;label, as said\n1;2;x\n3;4;y\n', ';'],
    ['semicolons', 'sep=;\r\na;b;label\r\n1;2;x\r\n3;4;y\r\n', ';'],
  ])('is found where the file leaves no choice, told and kept: %s', async (words, text, separator) => {
    const data = await folder.read('t.csv', text, numbers, {
      label: text.includes('as said') ? 'label, as said' : 'label',
    });
    expect(data.notes).toEqual([`t.csv has ${words} between its cells`]);
    expect(data.reference.reading).toEqual({ separator });
    expect(data.truth).toEqual(['x', 'y']);
  });

  it('is a comma in spite of semicolons in names and texts', async () => {
    const text = 'a,b,label (x; y)\n1,2,x;z\n3,4,y\n';
    expect(await read(text, { label: 'label' })).toEqual(twoRows);
  });

  it('is asked for where two would do, or none', async () => {
    const either = 'a,b;label\n1,2;3\n';
    await expect(read(either)).rejects.toThrow(
      't.csv: its cells may be separated by commas or semicolons; say which with --separator comma, semicolon, tab or bar',
    );
    await expect(read('a,b;label\n1,2;3\n4\n')).rejects.toThrow('may be separated by');
    const named = signature(input('a,b', 'BYTES'));
    expect(await folder.inputs('t.csv', either, named, { reading: { separator: ';' } })).toEqual({ 'a,b': ['1,2'] });
  });

  it('is the one that is named', async () => {
    expect(await read('a:b:label\n1:2:x\n3:4:y\n', { reading: { separator: ':' } })).toEqual(twoRows);
    const data = await folder.read('t.csv', 'a:b:label\n1:2:x\n', numbers, { reading: { separator: ':' } });
    expect(data.reference.reading).toEqual({ separator: ':' });
    expect(data.notes.join()).not.toContain('between its cells');
  });

  it('is a tab in .tsv, without a word', async () => {
    const data = await folder.read('t.tsv', 'a\tb\tlabel\n1\t2\tx, y\n', numbers, { label: 'label' });
    expect([data.truth, data.notes, data.reference.reading]).toEqual([['x, y'], [], undefined]);
  });

  it('and the decimal sign do not go with JSON lines', async () => {
    const line = '{"a":1,"b":2,"label":0}\n';
    for (const reading of [{ separator: ';' }, { decimal: ',' as const }]) {
      await expect(folder.read('t.jsonl', line, numbers, { reading })).rejects.toThrow('t.jsonl is JSON lines');
    }
  });
});

describe('decimal commas', () => {
  const comma = 'a;b;label\n1,5;2;x\n-0,25;1e3;y\n';

  it('are read where the cells leave no choice, told and kept', async () => {
    const data = await folder.read('t.csv', comma, numbers, { label: 'label' });
    expect(await read(comma)).toEqual({ a: [1.5, -0.25], b: [2, 1000] });
    expect(data.notes).toEqual(['t.csv has semicolons between its cells', 't.csv has decimal commas, as in 1,5']);
    expect(data.reference.reading).toEqual({ separator: ';', decimal: ',' });
  });

  it('are read in the truth as well', async () => {
    const one = signature(input('a', 'INT32'));
    const data = await folder.read('t.csv', 'a;label\n1;12,5\n2;1,25\n', one);
    expect(data.truth).toEqual(['12.5', '1.25']);
    const names = await folder.read('t.csv', 'a;label\n1;12,5\n2;none of them\n', one);
    expect(names.truth).toEqual(['12,5', 'none of them']);
  });

  it('are read where that is named, in quotes between commas too', async () => {
    const text = 'a,b,label\n"1,5","1,234",x\n';
    await expect(read(text)).rejects.toThrow(
      `row 1, column 'a': expected FP64 for input 'a', got "1,5"; a decimal comma is read with --decimal comma`,
    );
    expect(await read(text, { reading: { decimal: ',' } })).toEqual({ a: [1.5], b: [1.234] });
  });

  it.each([
    [
      'a;b;label\n1,234;2;x\n',
      "t.csv, row 1, column 'a' has 1,234, whose comma may be the decimal sign or separate thousands",
    ],
    [
      'a;b;label\n1,5;2.5;x\n',
      "column 'a' has 1,5 and t.csv, row 1, column 'b' has 2.5: say which is the decimal sign",
    ],
  ])('are asked for where they may be something else', async (text, words) => {
    await expect(read(text)).rejects.toThrow(words);
  });

  it.each([
    ['a;b;label\n1,234;2.5;x\n', {}, 'separators of thousands are not read'],
    ['a;b;label\n1.234,5;2;x\n', { decimal: ',' as const }, 'separators of thousands are not read'],
    ['a;b;label\n1,234;2;x\n', { decimal: '.' as const }, 'a decimal comma is read with --decimal comma'],
  ])('are no separators of thousands', async (text, reading, words) => {
    await expect(read(text, { reading })).rejects.toThrow(words);
  });

  it('do not matter in texts', async () => {
    const texts = signature(input('a', 'BYTES'), input('b', 'FP32'));
    expect(await folder.inputs('t.csv', 'a;b;label\n1,5;2.5;x\n', texts)).toEqual({ a: ['1,5'], b: [2.5] });
  });
});

describe('values of other notations', () => {
  const one = signature(input('a', 'FP32'));
  const cell = async (text: string, model = one, options = {}) =>
    (await folder.inputs('t.csv', `a,label\n"${text}",1\n`, model, options)).a?.[0];

  it.each([
    ['True', 1],
    ['False', 0],
    ['TRUE', 1],
    ['inf', Number.POSITIVE_INFINITY],
    ['-inf', Number.NEGATIVE_INFINITY],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['+Infinity', Number.POSITIVE_INFINITY],
    ['-0', -0],
    ['', Number.NaN],
    [' ', Number.NaN],
    ['NA', Number.NaN],
    ['NaN', Number.NaN],
    ['nan', Number.NaN],
    ['N/A', Number.NaN],
    ['NULL', Number.NaN],
    ['None', Number.NaN],
    ['<NA>', Number.NaN],
    ['?', Number.NaN],
  ])('%j is %d in a column of floats', async (text, value) => {
    expect(await cell(text)).toBe(value);
  });

  it('tells of true and false among numbers', async () => {
    const data = await folder.read('t.csv', 'a,label\nTrue,1\n2,0\n', one, { label: 'label' });
    expect(data.notes).toEqual(["t.csv: true and false in column 'a' are read as 1 and 0"]);
  });

  it.each([
    '0x10',
    '0b1',
    '1 234',
    "1'234",
    '1_000',
    '12abc',
    '1.2.3',
    '--1',
    '1e',
    'e5',
    '.',
    '$5',
    '5%',
    'yes',
    '１２',
    '1e39',
    '-1e39',
  ])('%j is refused in a column of floats', async (text) => {
    await expect(cell(text)).rejects.toThrow(
      `t.csv, row 1, column 'a': expected FP32 for input 'a', got ${JSON.stringify(text)}`,
    );
  });

  it('tells why', async () => {
    await expect(cell('0x10')).rejects.toThrow('; write numbers in decimal digits');
    await expect(cell('1 234')).rejects.toThrow('; separators of thousands are not read');
    await expect(cell('1e39')).rejects.toThrow(', which is beyond the range of FP32');
    await expect(cell('70000', signature(input('a', 'FP16')))).rejects.toThrow('beyond the range of FP16');
    await expect(cell('NA', signature(input('a', 'INT32')))).rejects.toThrow('a missing value');
  });

  it.each([
    ['UINT8', '255', 255],
    ['INT8', '-128', -128],
    ['INT32', '3.0', 3],
    ['INT16', '1e3', 1000],
    ['INT64', 'True', 1n],
    ['INT64', '-9223372036854775808', -9223372036854775808n],
    ['INT64', '9007199254740993.0', 9007199254740993n],
    ['UINT64', '18446744073709551615', 18446744073709551615n],
  ] as const)('%s takes %s', async (datatype, text, value) => {
    expect(await cell(text, signature(input('a', datatype)))).toBe(value);
  });

  it.each([
    ['UINT8', '256', 'outside 0 to 255'],
    ['UINT8', '-1', 'outside 0 to 255'],
    ['INT8', '128', 'outside -128 to 127'],
    ['INT64', '9223372036854775808', 'outside -9223372036854775808 to 9223372036854775807'],
    ['UINT64', '18446744073709551616', 'outside 0 to 18446744073709551615'],
    ['INT64', '1e30', 'plain digits'],
    ['INT32', '1.5', 'no integer'],
    ['INT32', 'inf', 'got "inf"'],
    ['INT32', '0x10', 'decimal digits'],
  ] as const)('%s refuses %s', async (datatype, text, words) => {
    await expect(cell(text, signature(input('a', datatype)))).rejects.toThrow(words);
  });

  it('are booleans in the words that people use', async () => {
    const flag = signature(input('a', 'BOOL'));
    for (const [text, value] of Object.entries({ true: 1, False: 0, yes: 1, No: 0, 1: 1, 0: 0, '1.0': 1 })) {
      expect(await cell(text, flag), text).toBe(value);
    }
    for (const text of ['2', 'maybe', '', 'NA']) await expect(cell(text, flag)).rejects.toThrow('expected BOOL');
  });
});

describe('missing values', () => {
  const texts = signature(input('city', 'BYTES'), input('x', 'FP32'));
  const words = 'city,x,label\nNA,NA,1\nNaN,nan,1\nnull,-999,1\n,3,1\nOslo,?,1\n';

  it('are in a text the empty cell alone, and the words that could be meant are told', async () => {
    const data = await folder.read('t.csv', words, texts, { label: 'label' });
    expect(data.notes).toEqual([
      "t.csv: NA, NaN, null in column 'city' are texts like any other; --missing NA,NaN,null makes them missing",
    ]);
    expect(await folder.inputs('t.csv', words, texts)).toEqual({
      city: ['NA', 'NaN', 'null', '', 'Oslo'],
      x: [Number.NaN, Number.NaN, -999, 3, Number.NaN],
    });
  });

  it('are those that are named, in every column, which is kept', async () => {
    const reading = { missing: ['NA', '-999'] };
    const data = await folder.read('t.csv', words, texts, { reading });
    expect(data.reference.reading).toEqual(reading);
    expect(await folder.inputs('t.csv', words, texts, { reading })).toEqual({
      city: ['', 'NaN', 'null', '', 'Oslo'],
      x: [Number.NaN, Number.NaN, Number.NaN, 3, Number.NaN],
    });
  });

  it('are the same in JSON lines', async () => {
    const lines = '{"city":"NA","x":-999,"label":1}\n{"city":null,"x":"?","label":1}\n';
    expect(await folder.inputs('t.jsonl', lines, texts)).toEqual({ city: ['NA', ''], x: [-999, Number.NaN] });
    const named = { reading: { missing: ['NA', '-999'] } };
    expect(await folder.inputs('t.jsonl', lines, texts, named)).toEqual({
      city: ['', ''],
      x: [Number.NaN, Number.NaN],
    });
  });

  it('are no truth', async () => {
    const row = (label: string) => `city,x,label\nOslo,1,${label}\n`;
    await expect(folder.read('t.csv', row(''), texts)).rejects.toThrow("row 1: expected the truth in column 'label'");
    expect((await folder.read('t.csv', row('none'), texts)).truth).toEqual(['none']);
    const reading = { missing: ['none'] };
    await expect(folder.read('t.csv', row('none'), texts, { reading })).rejects.toThrow('expected the truth');
  });
});
