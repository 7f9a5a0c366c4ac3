import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Signature, TensorSpec } from '../../../../registry/signature.ts';
import { readData } from '../../../../scripts/validation/read-data.ts';
import type { DataOptions, TestData } from '../../../../scripts/validation/test-data.ts';
import { elementsOf } from '../../../../worker/protocol/elements.ts';
import type { Tensor } from '../../../../worker/protocol/tensor.ts';
import { floatsNpy, npy, png } from '../../../harness/pictures/encoders.ts';

const root = mkdtempSync(join(tmpdir(), 'popserve-folder-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;

/** A new folder with these files. */
function folder(files: Readonly<Record<string, Uint8Array | string>>): string {
  const path = join(root, `set${folders++}`);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}

function signature(...inputs: TensorSpec[]): Signature {
  return { inputs, outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }] };
}

function input(name: string, shape: number[], datatype: TensorSpec['datatype'] = 'FP32'): TensorSpec {
  return { name, datatype, shape };
}

function read(
  path: string,
  model: Signature,
  options: Partial<DataOptions> = {},
  needsTruth = true,
): Promise<TestData> {
  return readData({ path, ...options }, model, needsTruth);
}

function plain({ name, shape, datatype, data }: Tensor) {
  return { name, shape, values: Array.from(elementsOf(datatype as 'FP32', data as Uint8Array)) };
}

const pair = signature(input('x', [-1, 2]));
const one = (value: number) => floatsNpy([2], [value, value]);

describe('a folder with a sub-folder for each class', () => {
  it('gives rows of each class in turn, with the name of the sub-folder as the truth', async () => {
    const path = folder({
      'cats/b.npy': one(2),
      'cats/a.npy': one(1),
      'cats/.DS_Store': 'x',
      'dogs/a.npy': floatsNpy([1, 2], [3, 3]),
      'dogs/b.bin': new Uint8Array(Float32Array.of(4, 4).buffer),
      'dogs/c.npy': one(5),
      'readme.txt': 'about them',
    });
    const data = await read(path, pair);
    expect(data).toMatchObject({ label: 'sub-folder', truth: ['cats', 'dogs', 'cats', 'dogs', 'dogs'] });
    expect(data.reference).toMatchObject({ file: path.slice(root.length + 1), rows: 5 });
    expect((await data.inputs(0, 5)).map(plain)).toEqual([
      { name: 'x', shape: [5, 2], values: [1, 1, 3, 3, 2, 2, 4, 4, 5, 5] },
    ]);
    expect((await data.inputs(3, 4)).map(plain)).toEqual([{ name: 'x', shape: [1, 2], values: [4, 4] }]);
  });

  it('has a folder for each sample where the model has several inputs', async () => {
    const model = signature(input('sound', [-1, 2]), input('rate', [-1], 'INT64'));
    const rate = (value: bigint) =>
      npy({ descr: "'<i8'", shape: [], data: new Uint8Array(BigInt64Array.of(value).buffer) });
    const path = folder({
      'a/1/sound.npy': one(1),
      'a/1/rate.npy': rate(8n),
      'b/1/sound.npy': one(2),
      'b/1/rate.npy': rate(16n),
    });
    const data = await read(path, model);
    expect((await data.inputs(0, 2)).map(plain)).toEqual([
      { name: 'sound', shape: [2, 2], values: [1, 1, 2, 2] },
      { name: 'rate', shape: [2], values: [8n, 16n] },
    ]);
    rmSync(join(path, 'b/1/rate.npy'));
    await expect(read(path, model)).rejects.toThrow(
      "b/1: expected one file rate (.npy, .bin, .png, .jpg, .jpeg or .webp) for input 'rate', got sound.npy",
    );
  });

  it('has a digest of the names and contents of its files, wherever it is and however they are linked', async () => {
    const files = { 'cats/a.npy': one(1), 'dogs/a.npy': one(2) };
    const digest = async (path: string) => (await read(path, pair)).reference.digest;
    const first = await digest(folder(files));
    const linked = folder({ 'cats/a.npy': one(1) });
    symlinkSync(dirname(join(folder(files), 'dogs/a.npy')), join(linked, 'dogs'));
    expect(await digest(linked)).toBe(first);
    expect(await digest(folder({ 'cats/a.npy': one(2), 'dogs/a.npy': one(1) }))).not.toBe(first);
    expect(await digest(folder({ 'cats/a.npy': one(1), 'dogs/b.npy': one(2) }))).not.toBe(first);
  });

  it.each<[string, Record<string, Uint8Array | string>, string]>([
    ['files beside the classes', { 'cats/a.npy': one(1), 'b.npy': one(2) }, "labels.csv, got 'cats' beside 'b.npy'"],
    [
      'files alone',
      { 'a.npy': one(1), 'b.npy': one(2) },
      "expected sub-folders named after classes or a labels.csv, got 2 files such as 'a.npy'",
    ],
    ['nothing of use', { 'a.txt': 'x' }, 'got no .npy, .bin, .png, .jpg, .jpeg or .webp'],
    ['other files', { 'cats/a.gif': 'x' }, "cats: expected .npy, .bin, .png, .jpg, .jpeg or .webp, got 'a.gif'"],
    ['folders in a class', { 'cats/old/a.npy': one(1) }, "got 'old'"],
    [
      'an empty class',
      { 'cats/.keep': '', 'dogs/a.npy': one(1) },
      'cats: expected .npy, .bin, .png, .jpg, .jpeg or .webp, got none',
    ],
  ])('is refused with %s', async (_, files, words) => {
    await expect(read(folder(files), pair)).rejects.toThrow(words);
  });

  it.each<[string, TensorSpec, string, Uint8Array, string]>([
    [
      'another shape',
      input('x', [-1, 2]),
      'a.npy',
      floatsNpy([3], [1, 2, 3]),
      "a.npy: expected FP32 [2] for a row of input 'x', got FP32 [3]",
    ],
    ['two rows', input('x', [-1, 2]), 'a.npy', floatsNpy([2, 2], [1, 2, 3, 4]), 'got FP32 [2,2]'],
    [
      'another type',
      input('x', [-1, 2], 'FP64'),
      'a.npy',
      one(1),
      "a.npy: expected FP64 [2] for a row of input 'x', got FP32 [2]",
    ],
    [
      'another size',
      input('x', [-1, 2]),
      'a.bin',
      new Uint8Array(7),
      "a.bin: expected FP32 [2] for a row of input 'x', got 7 bytes instead of 8",
    ],
    [
      'no fixed size',
      input('x', [-1, -1]),
      'a.bin',
      new Uint8Array(8),
      "a.bin: raw files need an input of a fixed size, 'x' is FP32 [-1,-1]; save .npy",
    ],
    ['texts', input('x', [-1, 2], 'BYTES'), 'a.bin', new Uint8Array(8), "'x' is BYTES [-1,2]"],
    [
      'no truth values',
      input('x', [-1, 2], 'BOOL'),
      'a.bin',
      Uint8Array.of(1, 2),
      "a.bin: expected 0 or 1 for BOOL input 'x', got 2",
    ],
    ['no array', input('x', [-1, 2]), 'a.npy', new Uint8Array(50), 'a.npy: expected a NumPy file'],
  ])('names the file that holds %s', async (_, spec, name, content, words) => {
    const data = await read(folder({ [`cats/${name}`]: content }), signature(spec));
    await expect(data.inputs(0, 1)).rejects.toThrow(`cats/${words}`.replace(/^cats\/(?=got|')/, ''));
  });
});

describe('a folder with a labels.csv', () => {
  it('has the truth in the column that is left, or the one that is named', async () => {
    const path = folder({
      'labels.csv': 'file,kind\nsub/a.npy,cat\nb.npy,dog\n',
      'sub/a.npy': one(1),
      'b.npy': one(2),
      'c.npy': one(3),
    });
    const data = await read(path, pair);
    expect(data).toMatchObject({ label: 'labels.csv: kind', truth: ['cat', 'dog'], reference: { rows: 2 } });
    expect((await data.inputs(0, 2)).map(plain)).toEqual([{ name: 'x', shape: [2, 2], values: [1, 1, 2, 2] }]);
    writeFileSync(join(path, 'labels.csv'), 'file,kind,price\nb.npy,dog,9.5\n');
    expect((await read(path, pair, { label: 'price' })).truth).toEqual(['9.5']);
    await expect(read(path, pair)).rejects.toThrow('labels.csv: `--label` is missing: the file has kind, price');
    const before = (await read(path, pair, { label: 'kind' })).reference.digest;
    appendFileSync(join(path, 'labels.csv'), 'b.npy,cat,9.5\n');
    expect((await read(path, pair, { label: 'kind' })).reference.digest).not.toBe(before);
  });

  it('has a column for each input, or one for the folder of a sample', async () => {
    const model = signature(input('left', [-1, 2]), input('right', [-1, 2]));
    const files = { 'l.npy': one(1), 'r.npy': one(2), 's/left.npy': one(3), 's/right.npy': one(4) };
    const columns = await read(folder({ ...files, 'labels.csv': 'left,Right,y\nl.npy,r.npy,1\n' }), model);
    expect((await columns.inputs(0, 1)).map(plain).map(({ values }) => values)).toEqual([
      [1, 1],
      [2, 2],
    ]);
    const named = await read(folder({ ...files, 'labels.csv': 'a,right,y\nl.npy,r.npy,1\n' }), model, {
      columns: { left: 'a' },
    });
    expect((await named.inputs(0, 1)).map(plain).map(({ values }) => values)).toEqual([
      [1, 1],
      [2, 2],
    ]);
    const sample = await read(folder({ ...files, 'labels.csv': 'file,y\ns,1\n' }), model);
    expect((await sample.inputs(0, 1)).map(plain).map(({ values }) => values)).toEqual([
      [3, 3],
      [4, 4],
    ]);
  });

  it.each([
    ['name,y\na.npy,1\n', "labels.csv: expected a column 'file', or one for each input ('x'); it has name, y"],
    [
      'file,y\nb.npy,1\n',
      "labels.csv, row 1, column 'file': expected a file .npy, .bin, .png, .jpg, .jpeg or .webp, got 'b.npy', which is not there",
    ],
    ['file,y\na.npy,1\n,2\n', "labels.csv, row 2, column 'file'"],
    ['file,y\na.npy,1\na.txt,2\n', "got 'a.txt'"],
    ['file,y\na.npy,\n', "labels.csv, row 1: expected the truth in column 'y'"],
    ['file,y\n', 'labels.csv: expected at least one row'],
  ])('is refused as %j', async (text, words) => {
    await expect(read(folder({ 'labels.csv': text, 'a.npy': one(1), 'a.txt': 'x' }), pair)).rejects.toThrow(words);
  });

  it('needs no truth for a baseline, and no list either', async () => {
    expect(await read(folder({ 'labels.csv': 'file\na.npy\n', 'a.npy': one(1) }), pair, {}, false)).toMatchObject({
      truth: [],
    });
    const data = await read(folder({ 'a.npy': one(1), 'b.npy': one(2) }), pair, {}, false);
    expect((await data.inputs(0, 2)).map(plain)).toEqual([{ name: 'x', shape: [2, 2], values: [1, 1, 2, 2] }]);
  });
});

describe('a folder of images', () => {
  const red = png(8, 8, () => [255, 0, 0]);
  const model = signature(input('picture', [-1, 3, 4, 4]));

  it('says how they are prepared, with the options over the defaults', async () => {
    const path = folder({ 'red/a.png': red });
    const data = await read(path, model, { images: { scale: '0-255', resize: 4 } });
    const plan = {
      input: 'picture',
      layout: 'NCHW',
      channels: 'RGB',
      resize: 4,
      size: [4, 4],
      scale: '0-255',
      mean: [0, 0, 0],
      std: [1, 1, 1],
    };
    expect(data.preprocessing).toEqual([plan]);
    expect(data.notes).toEqual([
      "images for input 'picture': shorter side to 4 (bilinear), 4x4 cut from the centre, RGB, NCHW, 0-255, less 0, 0, 0, divided by 1, 1, 1",
    ]);
    const [tensor] = (await data.inputs(0, 1)).map(plain);
    expect(tensor).toEqual({
      name: 'picture',
      shape: [1, 3, 4, 4],
      values: [...new Array(16).fill(255), ...new Array(32).fill(0)],
    });
    // As it was done before goes before the options.
    const again = await read(path, model, { images: { scale: '0-1' }, preprocessing: data.preprocessing ?? [] });
    expect(again.preprocessing).toEqual([plan]);
  });

  it('stands beside arrays of the same input', async () => {
    const path = folder({ 'red/a.png': red, 'red/b.npy': floatsNpy([3, 4, 4], new Array(48).fill(7)) });
    const data = await read(path, model, { images: { scale: '0-255' } });
    expect((await data.inputs(0, 2)).map(plain)[0]).toMatchObject({ shape: [2, 3, 4, 4] });
  });

  it('is refused for an input that takes none, and by the name of the file at fault', async () => {
    await expect(read(folder({ 'red/a.png': red }), pair)).rejects.toThrow("input 'x' takes no images");
    const data = await read(folder({ 'red/a.png': 'GIF89a' }), model);
    await expect(data.inputs(0, 1)).rejects.toThrow(
      'red/a.png: expected a JPEG, a PNG or a WebP, got bytes that start with 47 49 46 38',
    );
    const small = await read(folder({ 'red/a.png': red }), model, { images: { resize: 'none' } });
    await expect(small.inputs(0, 1)).rejects.toThrow('red/a.png: expected an image of 4x4 (height x width), got 8x8');
  });

  it('is where options for images belong', async () => {
    await expect(read(folder({ 'a/a.npy': one(1) }), pair, { images: { mean: [1] } })).rejects.toThrow(
      'has no PNG or JPEG',
    );
    const table = join(folder({ 'rows.csv': 'x,y\n1,2\n' }), 'rows.csv');
    await expect(read(table, signature(input('x', [-1])), { images: { mean: [1] } })).rejects.toThrow(
      'rows.csv is a table',
    );
  });
});
