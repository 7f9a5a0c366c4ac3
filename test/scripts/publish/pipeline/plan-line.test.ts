// What is said of a model that reads lines of writing: what does not fit its outputs is refused with both sides.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TensorSpec } from '../../../../registry/signature.ts';
import {
  lineStep,
  planCtc,
  readKeys,
  requireLineFit,
  type WritingOptions,
} from '../../../../scripts/publish/pipeline/plan-line.ts';

const writing: WritingOptions = { output: null, file: 'keys.txt', labels: ['a', 'b'], blank: 'first', space: false };

function tensor(name: string, shape: readonly number[]): TensorSpec {
  return { name, datatype: 'FP32', shape: [...shape] };
}

function plan(changes: Partial<WritingOptions>, outputs: readonly TensorSpec[], scores: string | null = 'none') {
  const signature = { inputs: [], outputs: [...outputs] };
  return planCtc({ ...writing, ...changes }, scores, { signature, roles: undefined });
}

describe('classes over time', () => {
  test('become a step of the pipeline', () => {
    expect(plan({}, [tensor('y', [-1, -1, 3])])).toEqual({
      after: { step: 'ctc', output: 'y', activation: 'none', labels: ['a', 'b'], blank: 'first' },
      row: ['text by CTC, 2 labels, the blank first', 'keys.txt, --blank, --scores'],
    });
  });

  test('have a space behind the labels if the publisher says so', () => {
    expect(plan({ space: true }, [tensor('y', [-1, -1, 4])]).after.labels).toEqual(['a', 'b', ' ']);
  });

  test('are those of the output that is named', () => {
    const outputs = [tensor('y', [-1, -1, 3]), tensor('z', [-1, -1, 3])];
    expect(plan({ output: 'z' }, outputs).after.output).toBe('z');
    expect(() => plan({}, outputs)).toThrow(
      "expected one output of [rows, steps, classes] for a text, the model has 'y' FP32 [-1,-1,3], 'z' FP32 [-1,-1,3]",
    );
  });

  test.each([
    [
      'one class more than labels',
      {},
      [-1, -1, 4],
      /keys.txt has 2 labels, which are 3 classes with the blank; output 'y' \[-1,-1,4\] has 4; --space adds one/,
    ],
    ['fewer classes', {}, [-1, -1, 2], /2 labels, which are 3 classes with the blank; output 'y' \[-1,-1,2\] has 2$/],
    ['a space too much', { space: true }, [-1, -1, 3], /4 classes with the blank and the space; .* has 3$/],
    ['no time', {}, [-1, 3], /expected one output of \[rows, steps, classes\]/],
  ])('with %s are refused', (_, changes, shape, message) => {
    expect(() => plan(changes, [tensor('y', shape)])).toThrow(message);
  });

  test('are not taken for shares unless something says so', () => {
    expect(() => plan({}, [tensor('y', [-1, -1, 3])], null)).toThrow(/give --scores softmax \(logits\) or none/);
    expect(() => plan({}, [tensor('y', [-1, -1, 3])], 'sigmoid')).toThrow(/expected softmax or none/);
    const roles = [{ output: 'y', role: 'number' as const, isShare: true as const }];
    const signature = { inputs: [], outputs: [tensor('y', [-1, -1, 3])] };
    expect(planCtc(writing, null, { signature, roles }).after.activation).toBe('none');
  });
});

describe('lines of a size', () => {
  const size = { height: 48, leastWidth: 320, mostWidth: 2400, padding: 0 };

  test.each([
    ['any size', size, { height: -1, width: -1 }],
    ['its height', size, { height: 48, width: -1 }],
    ['one size', { ...size, leastWidth: 192, mostWidth: 192 }, { height: 48, width: 192 }],
  ])('fit a model of %s', (_, line, model) => {
    expect(() => requireLineFit(lineStep(line), model, tensor('x', [-1, 3, 48, -1]))).not.toThrow();
  });

  test.each([
    ['another height', { height: 32, width: -1 }, 'a height of 32 and any width'],
    ['one width', { height: 48, width: 320 }, 'a height of 48 and a width of 320'],
  ])('do not fit a model of %s', (_, model, message) => {
    const spec = tensor('x', [-1, 3, model.height, model.width]);
    expect(() => requireLineFit(lineStep(size), model, spec)).toThrow(
      `--image-height and --image-width make lines 48 high and 320 to 2400 wide, input 'x' [${spec.shape}] takes ${message}`,
    );
  });
});

describe('a list of keys', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'popserve-keys-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function keys(text: string | Uint8Array): Promise<string[]> {
    const file = join(folder, 'keys.txt');
    writeFileSync(file, text);
    return readKeys(file);
  }

  test('has its spaces, which labels of classes lose', async () => {
    expect(await keys('a\r\n \r\n\u3000\r\nab\r\n')).toEqual(['a', ' ', '\u3000', 'ab']);
    expect(await keys('a\n ')).toEqual(['a', ' ']);
  });

  test.each([
    ['an empty line', 'a\n\nb\n', /keys.txt: expected one label a line, line 2 is empty; the blank has no line/],
    ['nothing', '', /it is empty/],
    ['no text', new Uint8Array([0xff, 0xfe, 0x41]), /is not UTF-8 text/],
  ])('with %s is refused', async (_, text, message) => {
    await expect(keys(text)).rejects.toThrow(message);
  });
});
