// Parts of a text: neighbouring tokens are merged as transformers' `simple` does it, and told in code points of what was sent.
import { describe, expect, test } from 'vitest';
import type { Spans } from '../../../registry/pipeline/spans.ts';
import type { TextInput, TextStep } from '../../../registry/pipeline/text-input.ts';
import { TextBatch, tokenising } from '../../../worker/pipeline/prepare-texts.ts';
import { spans } from '../../../worker/pipeline/spans.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import { characterTokenizer } from '../../harness/texts/character-tokenizer.ts';

function input(side: 'left' | 'right', prompt?: string): TextInput {
  const steps: TextStep[] = [
    ...(prompt === undefined ? [] : [{ step: 'prompt' as const, texts: { own: prompt }, standard: 'own' }]),
    { step: 'tokenise', specialTokens: true },
    { step: 'truncate', length: 64 },
    { step: 'pad', to: 'length', length: 64, side, id: 0 },
    { step: 'layout', datatype: 'INT64' },
  ];
  return { inputs: { ids: 'input_ids' }, steps };
}

const bio = ['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC'];

/** A model that gives each token of the text the tag that stands under it: numbers of labels, by character. */
function marked(
  text: string,
  tags: string,
  { labels = bio, scheme = 'bio' as Spans['scheme'], prompt = '', side = 'right' as const } = {},
) {
  const steps = input(side, prompt === '' ? undefined : prompt);
  const asked = tokenising([text], steps);
  const encodings = asked.texts.map((each) => characterTokenizer.encode(each, asked.options));
  const { items } = new TextBatch([text], encodings, asked.prompt, steps);
  const [item] = items;
  if (item === undefined) throw new Error('no item');
  const scores = new Float32Array(64 * labels.length);
  for (let token = 0; token < item.tokens; token++) {
    const at = (item.offsets[token * 2] ?? 0) - item.promptLength;
    // A special token, or one of the prompt, that the model marks all the same.
    const tag = item.special[token] === 1 || at < 0 ? 1 : Number(tags[at]);
    scores[(item.column + token) * labels.length + tag] = 0.5 + (at % 2) / 4;
  }
  const output: Tensor = {
    ...{ name: 'logits', datatype: 'FP32', shape: [1, 64, labels.length] },
    data: new Uint8Array(scores.buffer),
  };
  return spans(output, { activation: 'none', labels, scheme }, items)[0];
}

const short = (parts: ReturnType<typeof marked>) => parts?.map(({ entity_group: name, word }) => `${name}:${word}`);

describe('parts of a text', () => {
  test('are what the tags mark, with the mean of the scores', () => {
    expect(marked('Ann in Rome', '12200003444')).toEqual([
      { entity_group: 'PER', score: (0.5 + 0.75 + 0.5) / 3, word: 'Ann', start: 0, end: 3 },
      { entity_group: 'LOC', score: 0.625, word: 'Rome', start: 7, end: 11 },
    ]);
  });

  test('are counted in code points of the text that was sent', () => {
    const parts = marked('😀 Ann', '00122', { prompt: 'é: ' });
    expect(parts).toEqual([{ entity_group: 'PER', score: expect.any(Number), word: 'Ann', start: 2, end: 5 }]);
  });

  test('are found where a row is filled up at its left', () => {
    expect(short(marked('Ann', '122', { side: 'left' as 'right' }))).toEqual(['PER:Ann']);
  });

  test.each([
    ['B begins another of the same name', 'AnnBob', '122122', ['PER:Ann', 'PER:Bob']],
    ['I of another name begins one', 'AnnRom', '122444', ['PER:Ann', 'LOC:Rom']],
    ['I without B begins one', 'Ann', '222', ['PER:Ann']],
    ['O keeps two apart', 'An-Bo', '12022', ['PER:An', 'PER:Bo']],
    ['spaces between tokens are part of it', 'A n', '102', ['PER:A n']],
  ])('%s', (_, text, tags, expected) => {
    expect(short(marked(text, tags))).toEqual(expected);
  });

  test.each([
    ['U is one by itself', ['O', 'B-X', 'I-X', 'L-X', 'U-X'], 'abc', '440', ['X:a', 'X:b']],
    ['L ends one', ['O', 'B-X', 'I-X', 'L-X', 'U-X'], 'abcd', '1322', ['X:ab', 'X:cd']],
    ['E and S say the same', ['O', 'B-X', 'I-X', 'E-X', 'S-X'], 'abcd', '1234', ['X:abc', 'X:d']],
  ])('of four letters: %s', (_, labels, text, tags, expected) => {
    expect(short(marked(text, tags, { labels, scheme: 'bilou' }))).toEqual(expected);
  });

  test('may have names without a letter, or with a line before it that is none', () => {
    expect(short(marked('abc', '110', { labels: ['O', 'LOC'] }))).toEqual(['LOC:ab']);
    expect(short(marked('abc', '110', { labels: ['O', 'E-MAIL'] }))).toEqual(['E-MAIL:ab']);
  });

  test('are refused of an output of another shape', () => {
    const output: Tensor = { name: 'logits', datatype: 'FP32', shape: [1, 2], data: new Uint8Array(8) };
    expect(() => spans(output, { activation: 'none', labels: bio, scheme: 'bio' }, [])).toThrow(
      "spans: output 'logits' is [1,2], expected [0, tokens, 5]",
    );
  });
});
