// Texts become rows of one width: filled up at either side, cut at a number of tokens, with a prompt before them.
import { describe, expect, test } from 'vitest';
import type { TextInput, TextStep } from '../../../registry/pipeline/text-input.ts';
import { requireWhole, TextBatch, tokenising } from '../../../worker/pipeline/prepare-texts.ts';
import { elementsOf } from '../../../worker/protocol/elements.ts';
import { characterTokenizer } from '../../harness/texts/character-tokenizer.ts';

const inputs = { ids: 'input_ids', mask: 'attention_mask', types: 'token_type_ids' };

function textInput(...changes: TextStep[]): TextInput {
  const usual: TextStep[] = [
    { step: 'tokenise', specialTokens: true },
    { step: 'truncate', length: 6 },
    { step: 'pad', to: 'batch', side: 'right', id: 9 },
    { step: 'layout', datatype: 'INT64' },
  ];
  const steps = usual.map((step) => changes.find((change) => change.step === step.step) ?? step);
  return { inputs, steps: [...changes.filter(({ step }) => step === 'prompt'), ...steps] };
}

function rows(batch: TextBatch, name: string): number[][] {
  const tensor = batch.prepared().inputs.find((each) => each.name === name);
  if (tensor === undefined || !(tensor.data instanceof Uint8Array)) throw new Error(`no input ${name}`);
  if (tensor.datatype !== 'INT64' && tensor.datatype !== 'INT32') throw new Error(tensor.datatype);
  const values = Array.from(elementsOf(tensor.datatype, tensor.data), Number);
  const width = tensor.shape[1] ?? 1;
  return Array.from({ length: values.length / width }, (_, row) => values.slice(row * width, (row + 1) * width));
}

function encoded(texts: readonly string[], input: TextInput, promptName?: string) {
  const asked = tokenising(texts, input, promptName);
  const encodings = asked.texts.map((text) => characterTokenizer.encode(text, asked.options));
  return { asked, encodings, batch: new TextBatch(texts, encodings, asked.prompt, input) };
}

const batchOf = (texts: readonly string[], ...changes: TextStep[]) => encoded(texts, textInput(...changes)).batch;

describe('a batch of texts', () => {
  test('is filled up to its longest', () => {
    const batch = batchOf(['ab', 'c']);
    expect(rows(batch, 'input_ids')).toEqual([
      [1, 97, 98, 2],
      [1, 99, 2, 9],
    ]);
    expect(rows(batch, 'attention_mask')).toEqual([
      [1, 1, 1, 1],
      [1, 1, 1, 0],
    ]);
    expect(rows(batch, 'token_type_ids')).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect(batch.byteLength).toBe(3 * 2 * 4 * 8);
  });

  test('is filled up at the left, and its tokens are found there', () => {
    const batch = batchOf(['ab', 'c'], { step: 'pad', to: 'batch', side: 'left', id: 9 });
    expect(rows(batch, 'input_ids')).toEqual([
      [1, 97, 98, 2],
      [9, 1, 99, 2],
    ]);
    expect(rows(batch, 'attention_mask').at(1)).toEqual([0, 1, 1, 1]);
    expect(batch.items.map(({ column }) => column)).toEqual([0, 1]);
  });

  test.each([
    ['a multiple', { step: 'pad', to: 'batch', multiple: 8, side: 'right', id: 0 }, 8],
    ['a length', { step: 'pad', to: 'length', length: 7, side: 'right', id: 0 }, 7],
  ] as const)('is filled up to %s', (_, pad, width) => {
    expect(batchOf(['ab'], pad).heads.map(({ shape }) => shape)).toEqual([
      [1, width],
      [1, width],
      [1, width],
    ]);
  });

  test('has only the inputs that the model takes, in its datatype', () => {
    const input = { ...textInput({ step: 'layout', datatype: 'INT32' }), inputs: { ids: 'tokens' } };
    const { batch } = encoded(['ab'], input);
    expect(batch.heads).toEqual([{ name: 'tokens', datatype: 'INT32', shape: [1, 4] }]);
    expect(rows(batch, 'tokens')).toEqual([[1, 97, 98, 2]]);
  });

  test('has a place for a text without a token', () => {
    const batch = batchOf([''], { step: 'tokenise', specialTokens: false });
    expect(rows(batch, 'input_ids')).toEqual([[9]]);
    expect(rows(batch, 'attention_mask')).toEqual([[0]]);
  });

  test('tells how many tokens were cut off', () => {
    const [item] = batchOf(['abcdefgh']).items;
    expect(item).toMatchObject({ tokens: 6, total: 10 });
  });

  test('is refused where a text is not to be cut', () => {
    const refuse = (texts: readonly string[]) => () => {
      const { asked, encodings } = encoded(texts, textInput());
      requireWhole(encodings, asked);
    };
    expect(refuse(['abcdefgh'])).toThrow(/^truncate: the text has 10 tokens, the limit is 6/);
    expect(refuse(['a', 'abcdefgh'])).toThrow(/^inputs\[1\]: truncate: the text has 10 tokens/);
    expect(refuse(['abcd'])).not.toThrow();
  });
});

describe('a prompt', () => {
  const prompt: TextStep = { step: 'prompt', texts: { query: 'é:', passage: 'p:' }, standard: 'query' };

  test('stands before each text, and is no part of it', () => {
    const batch = batchOf(['ab'], prompt);
    expect(rows(batch, 'input_ids')).toEqual([[1, 233, 58, 97, 98, 2]]);
    expect(batch.items[0]).toMatchObject({ text: 'ab', promptLength: 2 });
  });

  test('is chosen by its name', () => {
    const { batch } = encoded(['a'], textInput(prompt), 'passage');
    expect(rows(batch, 'input_ids')).toEqual([[1, 112, 58, 97, 2]]);
  });

  test('that the version does not have is refused with those that it has', () => {
    const named = (input: TextInput) => () => encoded(['a'], input, '__proto__');
    expect(named(textInput(prompt))).toThrow("prompt: expected 'query' or 'passage', got '__proto__'");
    expect(named(textInput())).toThrow("prompt: expected no prompt_name, got '__proto__'");
  });
});
