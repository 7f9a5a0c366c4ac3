// Small models of texts over a vocabulary of a few words, so that each of their answers is known: a table says what a word is worth, and
// the models look words up in it.
import type { Manifest } from '../../../registry/manifest.ts';
import type { Pipeline } from '../../../registry/pipeline/pipeline.ts';
import type { TextInput, TextStep } from '../../../registry/pipeline/text-input.ts';
import { floats, integers, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import type { OnnxModel } from '../../../scripts/onnx/model-file.ts';
import { tokenizerArtifact } from '../../../scripts/publish/pipeline/tokenizer.ts';
import { sha256 } from '../pop.ts';
import { publication, type SmallPublication } from '../small-models.ts';

export const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'good', 'bad', 'film', 'ann', 'rome', 'new', 'york', '##s'];
const [float32, int64] = [1, 7];

/** Lower case, words at spaces, `[CLS] … [SEP]`. */
export const wordTokenizer = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]'].map((content, id) => ({
    ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
  })),
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: ['[CLS]', '$A', '[SEP]'].map((id) =>
      id === '$A' ? { Sequence: { id: 'A', type_id: 0 } } : { SpecialToken: { id, type_id: 0 } },
    ),
    pair: [],
    special_tokens: {
      '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
      '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
    },
  },
  decoder: null,
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(words.map((word, id) => [word, id])),
  },
};

export function textInput(length = 8, ...prompts: Extract<TextStep, { step: 'prompt' }>[]): TextInput {
  return {
    inputs: { ids: 'input_ids', mask: 'attention_mask' },
    steps: [
      ...prompts,
      { step: 'tokenise', specialTokens: true },
      { step: 'truncate', length },
      { step: 'pad', to: 'batch', side: 'right', id: 0 },
      { step: 'layout', datatype: 'INT64' },
    ],
  };
}

/** What a word is worth; words that are not named are worth nothing. */
export type Table = Readonly<Record<string, readonly number[]>>;

/**
 * `values`, FP32 [batch, tokens, width]: the row of the table for each token, nothing for fillings. With `summed` the sum over tokens,
 * FP32 [batch, width].
 */
export function wordModel(table: Table, width: number, summed = false): OnnxModel {
  const rows = words.flatMap((word) => Array.from({ length: width }, (_, at) => table[word]?.[at] ?? 0));
  return model({
    name: 'words',
    opsets: { '': 17 },
    inputs: [
      tensorValue('input_ids', int64, ['batch', 'tokens']),
      tensorValue('attention_mask', int64, ['batch', 'tokens']),
    ],
    outputs: [tensorValue('values', float32, summed ? ['batch', width] : ['batch', 'tokens', width])],
    nodes: [
      node('Gather', ['table', 'input_ids'], ['looked_up']),
      node('Cast', ['attention_mask'], ['mask'], { to: { int: float32 } }),
      node('Unsqueeze', ['mask', 'last'], ['column']),
      node('Mul', ['looked_up', 'column'], summed ? ['masked'] : ['values']),
      ...(summed ? [node('ReduceSum', ['masked', 'second'], ['values'], { keepdims: { int: 0 } })] : []),
    ],
    initializers: [
      floats('table', [words.length, width], rows),
      integers('last', [1], [-1]),
      ...(summed ? [integers('second', [1], [1])] : []),
    ],
  });
}

/** A version of a model of words, with its tokenizer. */
export function wordPublication(
  name: string,
  version: string,
  built: OnnxModel,
  pipeline: Pipeline,
  changes: Partial<Manifest> = {},
): SmallPublication {
  const { bytes } = tokenizerArtifact(wordTokenizer, null, null);
  const tokenizer = { digest: sha256(bytes), bytes: bytes.length };
  const shape = built.graph.output[0]?.type?.value.value as { shape?: { dim: unknown[] } } | undefined;
  const axes = shape?.shape?.dim.length ?? 0;
  const width = pipeline.after.step === 'pool' ? 2 : 'labels' in pipeline.after ? pipeline.after.labels.length : 0;
  const signature: Manifest['signature'] = {
    inputs: ['input_ids', 'attention_mask'].map((input) => ({ name: input, datatype: 'INT64', shape: [-1, -1] })),
    outputs: [{ name: 'values', datatype: 'FP32', shape: axes === 3 ? [-1, -1, width] : [-1, width] }],
  };
  const { manifest, blobs } = publication(name, version, built, signature, { pipeline, ...changes });
  return {
    manifest: { ...manifest, artifacts: { ...manifest.artifacts, tokenizer } },
    blobs: [...blobs, { digest: tokenizer.digest, bytes }],
  };
}

/** `good` and `film` point one way, `bad` the other; vectors of 2 values, of the length 1. */
export function sentences(name: string, version: string, text = textInput()): SmallPublication {
  const table = { good: [3, 4], film: [3, 4], bad: [4, -3] };
  const after = { step: 'pool', output: 'values', how: 'mean', normalise: true, dimensions: [1, 2] } as const;
  return wordPublication(name, version, wordModel(table, 2), {
    ...{ schema: 1, task: 'feature-extraction', text, after: { ...after, dimensions: [...after.dimensions] } },
  });
}

/** A text is as good as its words: `good` counts 2 for the first class, `bad` 2 for the second. */
export function moods(name: string, version: string, activation: 'softmax' | 'sigmoid' = 'softmax'): SmallPublication {
  const after = { step: 'classify', output: 'values', activation, labels: ['POSITIVE', 'NEGATIVE'], topK: 2 } as const;
  return wordPublication(name, version, wordModel({ good: [2, 0], bad: [0, 2] }, 2, true), {
    ...{ schema: 1, task: 'text-classification', text: textInput(), after: { ...after, labels: [...after.labels] } },
  });
}

/** Names of people and places. */
export function names(name: string, version: string): SmallPublication {
  const labels = ['O', 'B-PER', 'B-LOC', 'I-LOC'];
  const table = { ann: [0, 4, 0, 0], rome: [0, 0, 4, 0], new: [0, 0, 4, 0], york: [0, 0, 0, 4] };
  const others = Object.fromEntries(words.filter((word) => !(word in table)).map((word) => [word, [4, 0, 0, 0]]));
  return wordPublication(name, version, wordModel({ ...others, ...table }, labels.length), {
    ...{ schema: 1, task: 'token-classification', text: textInput(16) },
    after: { step: 'spans', output: 'values', activation: 'softmax', labels, scheme: 'bio' },
  });
}
