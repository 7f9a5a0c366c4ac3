import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Signature, TensorSpec } from '../../../registry/signature.ts';
import { assignLabels, readLabels } from '../../../scripts/publish/labels.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-labels-'));
afterAll(() => rmSync(folder, { recursive: true }));

let written = 0;
function write(content: string | Uint8Array): { output: null; file: string } {
  const file = join(folder, `${++written}-labels.txt`);
  writeFileSync(file, content);
  return { output: null, file };
}

describe('a file of labels', () => {
  it.each([
    ['one per line', 'cat\ndog\n', ['cat', 'dog']],
    ['without a last line feed', 'cat\ndog', ['cat', 'dog']],
    [
      "with Windows' line ends, a byte order mark and blank lines at the end",
      '\ufeffcat\r\ndog \r\n\r\n',
      ['cat', 'dog'],
    ],
    [
      'with words, commas and a class without a name',
      'tench, Tinca tinca\n\nGrüße',
      ['tench, Tinca tinca', '', 'Grüße'],
    ],
  ])('has %s', async (_, content, labels) => {
    expect(await readLabels([write(content)])).toMatchObject([{ output: null, labels }]);
  });

  it.each([
    [
      'that is not there',
      { output: null, file: '/nowhere/labels.txt' },
      /cannot read \/nowhere\/labels\.txt: there is no such file$/,
    ],
    ['without a label', write('\n \n'), /labels\.txt has no labels/],
  ])('%s is refused', async (_, file, message) => {
    await expect(readLabels([file])).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(message),
    });
  });

  it('of another encoding is refused', async () => {
    const message = expect.stringMatching(/labels\.txt: it is not UTF-8 text/);
    await expect(readLabels([write(Uint8Array.of(0x47, 0xfc))])).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message,
    });
  });
});

describe('the output that labels belong to', () => {
  const fixed: TensorSpec = { name: 'scores', datatype: 'FP32', shape: [-1, 3] };
  const variable: TensorSpec = { name: 'logits', datatype: 'FP32', shape: [-1, -1] };
  const index: TensorSpec = { name: 'class', datatype: 'INT64', shape: [-1] };
  const text: TensorSpec = { name: 'text', datatype: 'BYTES', shape: [-1] };
  const three = (output: string | null = null) => ({ output, file: 'labels.txt', labels: ['a', 'b', 'c'] });
  const signature = (...outputs: TensorSpec[]): Signature => ({ inputs: [], outputs });
  const answered = (name: string, classes: number) => ({
    inputs: [],
    outputs: [{ name, datatype: 'FP32' as const, shape: [1, classes], data: new Uint8Array(4 * classes) }],
  });

  it.each<[string, Signature, ReturnType<typeof answered>[], string]>([
    ['the only one that has classes', signature(text, fixed), [], 'scores'],
    [
      'the only one with as many classes',
      signature(index, fixed, { ...fixed, name: 'two', shape: [1, 2] }),
      [],
      'scores',
    ],
    ['one that turns out to have as many', signature(variable, index), [answered('logits', 3)], 'logits'],
    ['one of unknown size, where no sample tells it', signature(variable), [], 'logits'],
  ])('is %s', (_, outputs, samples, name) => {
    expect(assignLabels([three()], outputs, samples)).toEqual({ [name]: ['a', 'b', 'c'] });
  });

  it('is the one that is named, and each gets its own', () => {
    const two = { output: 'two', file: 'two.txt', labels: ['x', 'y'] };
    const outputs = signature(fixed, { ...fixed, name: 'two', shape: [-1, 2] });
    expect(assignLabels([three('scores'), two], outputs, [])).toEqual({ scores: ['a', 'b', 'c'], two: ['x', 'y'] });
  });

  it.each<[string, Signature, string | null, RegExp]>([
    [
      'another number of classes',
      signature({ ...fixed, shape: [-1, 4] }),
      null,
      /has 3 labels, the last .*'scores' FP32 \[-1,4\] has 4/,
    ],
    ['no output of that name', signature(fixed), 'score', /'score' is not an output of the model, which has 'scores'/],
    ['an output of strings', signature(text, fixed), 'text', /'text' BYTES \[-1\] has no classes/],
    [
      'two that fit',
      signature(fixed, { ...fixed, name: 'other' }),
      null,
      /fit 2 of the outputs .*--labels OUTPUT=FILE/,
    ],
    ['none that fits', signature(text), null, /fit 0 of the outputs/],
  ])('refuses %s', (_, outputs, output, message) => {
    expect(() => assignLabels([three(output)], outputs, [])).toThrow(
      expect.objectContaining({ code: 'UNPROCESSABLE', message: expect.stringMatching(message) }),
    );
  });

  it('refuses a sample that shows another number, and labels that are given twice', () => {
    expect(() => assignLabels([three()], signature(variable), [answered('logits', 5)])).toThrow(/'logits' .* has 5/);
    expect(() => assignLabels([three(), three('scores')], signature(fixed), [])).toThrow(/given labels twice/);
  });
});
