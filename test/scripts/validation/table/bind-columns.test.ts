import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Signature, TensorSpec } from '../../../../registry/signature.ts';
import { readData } from '../../../../scripts/validation/read-data.ts';
import type { DataOptions, TestData } from '../../../../scripts/validation/test-data.ts';
import { elementsOf } from '../../../../worker/protocol/elements.ts';
import type { Tensor } from '../../../../worker/protocol/tensor.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-data-'));
afterAll(() => rmSync(folder, { recursive: true }));

function signature(...inputs: TensorSpec[]): Signature {
  return { inputs, outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }] };
}

function input(name: string, datatype: TensorSpec['datatype'], shape: number[]): TensorSpec {
  return { name, datatype, shape };
}

function read(name: string, text: string, model: Signature, options: Partial<DataOptions> = {}): Promise<TestData> {
  const path = join(folder, name);
  writeFileSync(path, text);
  return readData({ path, ...options }, model, true);
}

function values({ datatype, data }: Tensor): unknown[] {
  if (!(data instanceof Uint8Array)) return data.map((bytes) => new TextDecoder().decode(bytes));
  return Array.from(elementsOf(datatype as 'FP32', data) as ArrayLike<number>);
}

const machine = signature(
  input('type', 'BYTES', [-1, 1]),
  input('air_temperature', 'FP32', [-1, 1]),
  input('cycles', 'INT64', [-1]),
);

describe('test data in columns', () => {
  it('go into the inputs of the same name, whatever the case, spaces and unit', async () => {
    const text = '\ufeffType,Air temperature [K],Cycles,Label\n"L, new",298.5,9007199254740993,0\nM,,2,1\n';
    const data = await read('machines.csv', text, machine);
    const inputs = await data.inputs(0, 2);
    expect(data.reference).toMatchObject({ file: 'machines.csv', rows: 2 });
    expect(data.label).toBe('Label');
    expect(data.truth).toEqual(['0', '1']);
    expect(inputs.map(({ shape }) => shape)).toEqual([[2, 1], [2, 1], [2]]);
    expect(inputs.map(values)).toEqual([
      ['L, new', 'M'],
      [298.5, Number.NaN],
      [9007199254740993n, 2n],
    ]);
  });

  it('are the same as JSON lines, where null is missing', async () => {
    const text =
      '{"type":"L","air_temperature":298.5,"cycles":1,"y":true}\n\n{"type":"M","air_temperature":null,"cycles":2,"y":false}\n';
    const data = await read('machines.jsonl', text, machine);
    expect(data.truth).toEqual(['true', 'false']);
    expect((await data.inputs(0, 2)).map(values)).toEqual([
      ['L', 'M'],
      [298.5, Number.NaN],
      [1n, 2n],
    ]);
    expect((await data.inputs(1, 2)).map(values)).toEqual([['M'], [Number.NaN], [2n]]);
  });

  it('go into a vector by names, by number, as a list, or in their order', async () => {
    const vector = signature(input('x', 'FP32', [-1, 2]));
    const rows = async (name: string, text: string, options: Partial<DataOptions> = {}) =>
      (await (await read(name, text, vector, options)).inputs(0, 2)).map(values);
    expect(await rows('a.csv', 'b,a,label\n1,2,0\n3,4,1\n', { features: [['a', 'b']] })).toEqual([[2, 1, 4, 3]]);
    expect(await rows('b.csv', 'x[1],x[0],label\n1,2,0\n3,4,1\n')).toEqual([[2, 1, 4, 3]]);
    expect(await rows('c.jsonl', '{"x":[1,[2]],"label":0}\n{"x":[3,4],"label":1}\n')).toEqual([[1, 2, 3, 4]]);
    const inOrder = await read('d.csv', 'b,a,label\n1,2,0\n', vector);
    expect((await inOrder.inputs(0, 1)).map(values)).toEqual([[1, 2]]);
    expect(inOrder.notes.join()).toContain('in their order: b, a');
    expect(inOrder.names.get('x')).toEqual(['b', 'a']);
  });

  it('go into an input of another name that is given', async () => {
    const text = signature(input('text', 'BYTES', [-1]));
    const data = await read('texts.tsv', 'message\tspam\nhello\tno\n', text, {
      label: 'spam',
      columns: { text: 'message' },
    });
    expect((await data.inputs(0, 1)).map(values)).toEqual([['hello']]);
  });

  it.each([
    [
      'without a column for the truth',
      'type,air_temperature,cycles\nL,1,2\n',
      {},
      '`--label` is missing: the file has type, air_temperature, cycles',
    ],
    [
      'whose truth is not where it should be',
      'type,air_temperature,cycles\nL,1,2\n',
      { label: 'gone' },
      "no column 'gone'",
    ],
    ['with a row that has no truth', 'type,air_temperature,cycles,y\nL,1,2,\n', {}, 'row 1: expected the truth'],
    [
      'without a column for an input',
      'type,air_temperature,y\nL,1,2\n',
      {},
      "input 'cycles': the test data has no column",
    ],
    [
      'with a text for a number',
      'type,air_temperature,cycles,y\nL,1,2,0\nL,warm,2,0\n',
      {},
      "row 2, column 'air_temperature': expected FP32 for input 'air_temperature', got \"warm\"",
    ],
    ['with a missing integer', 'type,air_temperature,cycles,y\nL,1,NA,0\n', {}, "column 'cycles': expected INT64"],
    [
      'with a fraction for an integer',
      'type,air_temperature,cycles,y\nL,1,1.5,0\n',
      {},
      "column 'cycles': expected INT64",
    ],
    ['with a column twice', 'type,type,y\nL,1,2\n', {}, "column 'type' is there twice"],
    [
      'with a row that is too long',
      'type,y\nL,1,2\n',
      {},
      'bad.csv, row 1: expected 2 cells as in the header, got 3 (separated by commas)',
    ],
    ['without rows', 'type,air_temperature,cycles,y\n', {}, 'at least one row'],
  ])('are refused %s', async (_, text, options, words) => {
    await expect(
      read('bad.csv', text, machine, options).then((data) => data.inputs(0, data.reference.rows)),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(words) });
  });

  it('are refused where a vector has another length', async () => {
    const vector = signature(input('x', 'FP32', [-1, 2]));
    await expect(read('short.jsonl', '{"x":[1,2],"y":0}\n{"x":[1],"y":0}\n', vector)).rejects.toThrow(
      "row 2: expected 2 elements for input 'x', got 1",
    );
    await expect(read('f.csv', 'a,y\n1,2\n', vector, { features: [['a']] })).rejects.toThrow(
      "--features: input 'x' FP32 [-1,2] has 2 columns, got 1: a",
    );
  });

  it('are refused where they are no JSON, or are not there', async () => {
    await expect(read('bad.jsonl', '{"x":1}\n{', machine)).rejects.toThrow('bad.jsonl, line 2: expected JSON');
    await expect(read('list.jsonl', '[1]', machine)).rejects.toThrow('expected an object');
    await expect(readData({ path: join(folder, 'nothing.csv') }, machine, true)).rejects.toThrow('no such file');
  });
});
