// Which column is the truth, and which belongs to which input: by names that people and programs spell differently.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readData } from '../../../../scripts/validation/read-data.ts';
import { DataFolder, input, signature } from './table-data.ts';

const folder = new DataFolder();
afterAll(() => folder.remove());

const composed = 'temp\u00e9rature';
const decomposed = composed.normalize('NFD');

describe('the truth', () => {
  const one = signature(input('x', 'FP32'));

  it.each(['label', 'Label', 'target', 'class', 'Y'])('is found in %s, which is told', async (name) => {
    const data = await folder.read('t.csv', `x,${name}\n1,a\n`, one);
    expect([data.label, data.truth]).toEqual([name, ['a']]);
    expect(data.notes).toEqual([`t.csv: the truth is in column '${name}' (--label names another)`]);
  });

  it.each([
    ['no column has a usual name', 'x,quality\n1,a\n', 't.csv: `--label` is missing: the file has x, quality'],
    ['two have one', 'x,label,target\n1,a,b\n', 'the file has x, label, target (label and target may both be meant)'],
    ['two differ in case', 'x,Label,label\n1,a,b\n', '(Label and label may both be meant)'],
  ])('is asked for where %s', async (_, text, words) => {
    await expect(folder.read('t.csv', text, one)).rejects.toThrow(words);
  });

  it.each(['y', 'class', 'target', 'label'])('is never the column of an input that is called %s', async (name) => {
    const own = signature(input('x', 'FP32'), input(name, 'FP32'));
    await expect(folder.read('t.csv', `x,${name},price\n1,2,3\n`, own)).rejects.toThrow(
      `\`--label\` is missing: the file has x, ${name}, price`,
    );
    const text = `x,${name.toUpperCase()},price\n1,2,3\n`;
    const named = await folder.read('t.csv', text, own, { label: 'price' });
    expect(named.truth).toEqual(['3']);
    expect(await folder.inputs('t.csv', text, own, { label: 'price' })).toEqual({ x: [1], [name]: [2] });
  });

  it('is the other column with a usual name beside an input that has one', async () => {
    const own = signature(input('y', 'FP32'));
    const data = await folder.read('t.csv', 'y,label\n1,a\n', own);
    expect(data.truth).toEqual(['a']);
    const jsonl = await folder.read('t.jsonl', '{"y":1,"class":"b"}\n', own);
    expect(jsonl.truth).toEqual(['b']);
  });

  it('is not an element of a vector that is named', async () => {
    const vector = signature(input('point', 'FP32', [-1, 2]));
    const text = 'x,y,label\n1,2,a\n';
    const data = await folder.read('t.csv', text, vector, { features: [['x', 'y']] });
    expect(data.truth).toEqual(['a']);
    await expect(folder.read('t.csv', text, vector)).rejects.toThrow('label');
    expect(await folder.inputs('t.csv', text, vector, { label: 'label' })).toEqual({ point: [1, 2] });
  });

  it('needs no column in reference data, whose columns are all taken then', async () => {
    const vector = signature(input('point', 'FP32', [-1, 3]));
    const all = await folder.inputs('t.csv', 'x,y,z\n1,2,3\n', vector, { needsTruth: false });
    expect(all).toEqual({ point: [1, 2, 3] });
    const rest = await folder.inputs('t.csv', 'a,b,c,label\n1,2,3,0\n', vector, { needsTruth: false });
    expect(rest).toEqual({ point: [1, 2, 3] });
    const named = { needsTruth: false, label: 'quality' };
    expect(await folder.inputs('t.csv', 'a,b,c,quality\n1,2,3,0\n', vector, named)).toEqual({ point: [1, 2, 3] });
    expect(await folder.inputs('t.csv', 'a,b,c\n1,2,3\n', vector, named)).toEqual({ point: [1, 2, 3] });
  });

  it('is not taken from the column of an input by --label either', async () => {
    await expect(folder.read('t.csv', 'x\n1\n', one, { label: 'x' })).rejects.toThrow(
      "input 'x': the test data has no column",
    );
  });
});

describe('names of columns', () => {
  it('are found in either Unicode form', async () => {
    for (const [model, file] of [
      [composed, decomposed],
      [decomposed, composed],
    ] as const) {
      const spec = signature(input(model, 'FP32'));
      expect(await folder.inputs('t.csv', `${file},label\n1,a\n`, spec)).toEqual({ [model]: [1] });
      const mapped = signature(input('x', 'FP32'));
      const options = { columns: { x: model } };
      expect(await folder.inputs('t.csv', `${file},label\n1,a\n`, mapped, options)).toEqual({ x: [1] });
      const labelled = await folder.read('t.csv', `x,${file}\n1,a\n`, mapped, { label: model });
      expect(labelled.truth).toEqual(['a']);
    }
  });

  it('that are the same in both Unicode forms are refused', async () => {
    expect(decomposed).not.toBe(composed);
    await expect(
      folder.read('t.csv', `${composed},${decomposed},label\n1,2,a\n`, signature(input('x', 'FP32'))),
    ).rejects.toThrow('is there twice, in two Unicode forms (NFC and NFD)');
  });

  it('are not shared by two inputs', async () => {
    const pair = signature(input('a_b', 'FP32'), input('ab', 'FP32'));
    await expect(folder.read('t.csv', 'AB,label\n1,a\n', pair)).rejects.toThrow(
      "inputs 'a_b' and 'ab' may both mean column 'AB'; say which with --column ab=COLUMN",
    );
    const both = { columns: { a_b: 'AB', ab: 'AB' } };
    expect(await folder.inputs('t.csv', 'AB,label\n1,a\n', pair, both)).toEqual({ a_b: [1], ab: [1] });
  });

  it('of sub-folders that are one class in two Unicode forms are refused', async () => {
    const path = join(folder.path, 'classes');
    for (const name of ['é', 'e\u0301']) {
      mkdirSync(join(path, name), { recursive: true });
      writeFileSync(join(path, name, 'a.bin'), new Uint8Array(4));
    }
    await expect(readData({ path }, signature(input('x', 'FP32')), true)).rejects.toThrow(
      "sub-folder 'é' is there twice, in two Unicode forms",
    );
  });
});

describe('a vector beside other inputs', () => {
  const model = signature(input('features', 'FP32', [-1, 3]), input('city', 'BYTES'));
  const text = 'rooms,area,floor,city,cost\n1,2,3,Rome,16\n4,5,6,Oslo,35\n';

  it('takes the columns that --column lists', async () => {
    const options = { label: 'cost', columns: { features: 'rooms, area,floor' } };
    expect(await folder.inputs('t.csv', text, model, options)).toEqual({
      features: [1, 2, 3, 4, 5, 6],
      city: ['Rome', 'Oslo'],
    });
    expect((await folder.read('t.csv', text, model, options)).names.get('features')).toEqual([
      'rooms',
      'area',
      'floor',
    ]);
  });

  it('is told of the way that works', async () => {
    await expect(folder.read('t.csv', text, model, { label: 'cost' })).rejects.toThrow(
      "input 'features': the test data has no column of that name; give it as --column features=COLUMN, or the 3 columns of its elements as --features A,B,…. Columns: rooms, area, floor, city (rooms, area, floor are left)",
    );
    const wrong = { label: 'cost', columns: { features: 'rooms,area' } };
    await expect(folder.read('t.csv', text, model, wrong)).rejects.toThrow('expected 3 features, got 2');
  });

  it('takes the columns that --features names, as they are spelled there', async () => {
    const options = { label: 'cost', features: [['Rooms', 'area', 'floor']] };
    expect(await folder.inputs('t.csv', text, model, options)).toEqual({
      features: [1, 2, 3, 4, 5, 6],
      city: ['Rome', 'Oslo'],
    });
    expect((await folder.read('t.csv', text, model, options)).names).toEqual(
      new Map([['features', ['Rooms', 'area', 'floor']]]),
    );
    const lists = '{"features":[1,2,3],"city":"Rome","cost":16}\n';
    expect(await folder.inputs('t.jsonl', lists, model, options)).toEqual({ features: [1, 2, 3], city: ['Rome'] });
    const lacking = { label: 'cost', features: [['rooms', 'area', 'garden']] };
    await expect(folder.read('t.csv', text, model, lacking)).rejects.toThrow(
      "the test data has no column 'garden'; it has rooms, area, floor, city",
    );
  });

  it('takes numbered columns, also where records have names for them', async () => {
    const numbered = 'features[0],features[1],features[2],city,cost\n1,2,3,Rome,16\n';
    for (const features of [[], [['a', 'b', 'c']]]) {
      const data = await folder.read('t.csv', numbered, model, { label: 'cost', features });
      expect(data.names).toEqual(new Map(features.map((names) => ['features', names])));
      expect(await folder.inputs('t.csv', numbered, model, { label: 'cost', features })).toMatchObject({
        features: [1, 2, 3],
      });
    }
  });

  it('is told how to name those of several', async () => {
    const two = signature(input('a', 'FP32', [-1, 2]), input('b', 'FP32', [-1, 2]));
    const rows = 'p,q,r,s,cost\n1,2,3,4,5\n';
    await expect(folder.read('t.csv', rows, two, { label: 'cost' })).rejects.toThrow(
      'or the 2 columns of its elements as --features a=A,B,… --features b=A,B,…. Columns: p, q, r, s',
    );
    const features = [
      ['b=r', 's'],
      ['a=p', 'q'],
    ];
    expect(await folder.inputs('t.csv', rows, two, { label: 'cost', features })).toEqual({ a: [1, 2], b: [3, 4] });
  });

  it('goes by names that are known before it goes by the order of columns', async () => {
    const point = signature(input('point', 'FP32', [-1, 2]));
    const known = new Map([['point', ['a', 'b']]]);
    expect(await folder.inputs('t.csv', 'b,a,label\n1,2,0\n', point, { known })).toEqual({ point: [2, 1] });
    expect(await folder.inputs('t.csv', 'v,w,label\n1,2,0\n', point, { known })).toEqual({ point: [1, 2] });
  });

  it('with more axes is told of --column alone', async () => {
    const grid = signature(input('grid', 'FP32', [-1, 1, 2]), input('city', 'BYTES'));
    await expect(folder.read('t.csv', 'a,b,city,cost\n1,2,Rome,3\n', grid, { label: 'cost' })).rejects.toThrow(
      'or the 2 columns of its elements as --column grid=A,B,…',
    );
  });

  it('takes a column whose own name has commas', async () => {
    const single = signature(input('x', 'FP32'));
    expect(await folder.inputs('t.csv', '"a,b",label\n1,0\n', single, { columns: { x: 'a,b' } })).toEqual({ x: [1] });
  });

  it('takes the names of the inputs as --features, which name no column', async () => {
    const numbered = 'features[0],features[1],features[2],city,cost\n1,2,3,Rome,16\n';
    const options = { label: 'cost', features: [['features', 'city']] };
    expect(await folder.inputs('t.csv', numbered, model, options)).toEqual({ features: [1, 2, 3], city: ['Rome'] });
  });
});
