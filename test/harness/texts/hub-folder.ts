// Folders as the Hugging Face Hub has them, around the small models of words.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeModel } from '../../../scripts/onnx/model-file.ts';
import { type Table, wordModel, words, wordTokenizer } from './word-models.ts';

export function writeFiles(folder: string, files: Readonly<Record<string, unknown>>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content instanceof Uint8Array ? content : JSON.stringify(content));
  }
}

const tokenizer = {
  'tokenizer.json': wordTokenizer,
  'tokenizer_config.json': { tokenizer_class: 'BertTokenizer', model_max_length: 16, pad_token: '[PAD]' },
  'special_tokens_map.json': { pad_token: '[PAD]' },
};

/** Vectors of 4 values by sentence-transformers: the mean, of the length 1. */
export function writeSentenceFolder(folder: string, changes: Readonly<Record<string, unknown>> = {}): void {
  const table: Table = Object.fromEntries(words.map((word, at) => [word, [1, at % 3, at % 5, at % 7]]));
  const module = 'sentence_transformers.models.';
  writeFiles(folder, {
    ...tokenizer,
    'onnx/model.onnx': writeModel(wordModel(table, 4)),
    'config.json': {
      architectures: ['BertModel'],
      model_type: 'bert',
      max_position_embeddings: 32,
      matryoshka_dimensions: [2],
    },
    'modules.json': [
      { idx: 0, name: '0', path: '', type: `${module}Transformer` },
      { idx: 1, name: '1', path: '1_Pooling', type: `${module}Pooling` },
      { idx: 2, name: '2', path: '2_Normalize', type: `${module}Normalize` },
    ],
    '1_Pooling/config.json': {
      word_embedding_dimension: 4,
      pooling_mode_mean_tokens: true,
      pooling_mode_cls_token: false,
    },
    'config_sentence_transformers.json': { prompts: { query: 'good ', document: '' }, default_prompt_name: null },
    'sentence_bert_config.json': { max_seq_length: 12 },
    ...changes,
  });
}

/** A text is as good as its words. */
export function writeMoodFolder(folder: string): void {
  writeFiles(folder, {
    ...tokenizer,
    'model.onnx': writeModel(wordModel({ good: [0, 2], bad: [2, 0], film: [0.5, 0] }, 2, true)),
    'config.json': {
      ...{ architectures: ['BertForSequenceClassification'], model_type: 'bert', max_position_embeddings: 32 },
      id2label: { '0': 'NEGATIVE', '1': 'POSITIVE' },
    },
  });
}

/** Names of people and places. */
export function writeNameFolder(folder: string): void {
  const table = { ann: [0, 4, 0, 0], rome: [0, 0, 4, 0], new: [0, 0, 4, 0], york: [0, 0, 0, 4] };
  const others = Object.fromEntries(words.filter((word) => !(word in table)).map((word) => [word, [4, 0, 0, 0]]));
  writeFiles(folder, {
    ...tokenizer,
    'model.onnx': writeModel(wordModel({ ...others, ...table }, 4)),
    'config.json': {
      ...{ architectures: ['BertForTokenClassification'], model_type: 'bert', max_position_embeddings: 32 },
      id2label: { '0': 'O', '1': 'B-PER', '2': 'B-LOC', '3': 'I-LOC' },
    },
  });
}
