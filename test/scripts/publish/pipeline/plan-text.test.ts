// What a folder says of texts: what is not supported is refused by its name, and nothing is guessed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Signature, TensorSpec } from '../../../../registry/signature.ts';
import { readHubFolder } from '../../../../scripts/publish/pipeline/hub-folder.ts';
import type { TextOptions } from '../../../../scripts/publish/pipeline/options.ts';
import { completePipeline, planInput } from '../../../../scripts/publish/pipeline/plan-pipeline.ts';
import { writeFiles, writeNameFolder, writeSentenceFolder } from '../../../harness/texts/hub-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-plan-text-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tokens = (name: string, changes: Partial<TensorSpec> = {}): TensorSpec => ({
  ...{ name, datatype: 'INT64', shape: [-1, -1] },
  ...changes,
});
const values: TensorSpec = { name: 'values', datatype: 'FP32', shape: [-1, -1, 4] };

function signature(inputs = [tokens('input_ids'), tokens('attention_mask')], outputs = [values]): Signature {
  return { inputs, outputs };
}

async function plan(path: string, model = signature(), text: TextOptions = {}) {
  const found = await readHubFolder(path);
  const options = {
    ...{ task: null, folder: found, exported: null, activation: null, imageSteps: null, boxes: {}, text },
  };
  const planned = planInput(options, model);
  if (planned === null) throw new Error('no pipeline');
  return completePipeline(planned, options, { signature: model, labels: {}, roles: undefined });
}

describe('what is not supported is refused by its name', () => {
  const odd = join(folder, 'odd');
  const module = (type: string, path = '') => ({
    idx: 0,
    name: '0',
    path,
    type: `sentence_transformers.models.${type}`,
  });

  test.each([
    [
      'a module',
      { 'modules.json': [module('Transformer'), module('Pooling', '1_Pooling'), module('Dense', '2_Dense')] },
      /modules.json: Dense is not supported, expected Transformer, Pooling and Normalize/,
    ],
    [
      'a pooling',
      { '1_Pooling/config.json': { pooling_mode_weightedmean_tokens: true } },
      /1_Pooling\/config.json: pooling pooling_mode_weightedmean_tokens is not supported, expected one of mean, cls, max and lasttoken/,
    ],
    [
      'two poolings',
      { '1_Pooling/config.json': { pooling_mode_mean_tokens: true, pooling_mode_max_tokens: true } },
      /pooling_mode_mean_tokens with pooling_mode_max_tokens is not supported/,
    ],
    [
      'a width that is not the model’s',
      { '1_Pooling/config.json': { pooling_mode_mean_tokens: true, word_embedding_dimension: 384 } },
      /word_embedding_dimension is 384, output 'values' \[-1,-1,4\] has vectors of 4/,
    ],
    [
      'a length that vectors do not have',
      { 'config.json': { architectures: ['BertModel'], max_position_embeddings: 32, matryoshka_dimensions: [8] } },
      /matryoshka_dimensions: expected at most 4, the length of a vector, got 8/,
    ],
    [
      'a prompt that is not there',
      { 'config_sentence_transformers.json': { prompts: { query: 'q: ' }, default_prompt_name: 'passage' } },
      /default_prompt_name 'passage' is none of its prompts/,
    ],
    [
      'a task',
      { 'modules.json': null, 'config.json': { architectures: ['BertForQuestionAnswering'] } },
      /BertForQuestionAnswering is of no task that is supported: expected image-classification, .*token-classification/,
    ],
    ['a tokenizer', { 'tokenizer.json': { version: '1.0', model: { type: 'WordLevel', vocab: {} } } }, /WordLevel/],
  ])('%s', async (_, changes, message) => {
    rmSync(odd, { recursive: true, force: true });
    const { 'modules.json': modules, ...others } = changes as Record<string, unknown>;
    writeSentenceFolder(odd, others);
    if (modules === null) rmSync(join(odd, 'modules.json'));
    else if (modules !== undefined) writeFiles(odd, { 'modules.json': modules });
    await expect(plan(odd)).rejects.toThrow(message);
  });

  test.each([
    [
      'an input',
      signature([tokens('input_ids'), tokens('position_ids')]),
      /input 'position_ids' is not supported for texts: .*; export the model so that it makes them itself/,
    ],
    [
      'no tokens',
      signature([tokens('attention_mask')]),
      /a text goes into an input 'input_ids', which the model does not have/,
    ],
    [
      'a datatype',
      signature([tokens('input_ids', { datatype: 'FP32' })]),
      /takes no tokens: expected INT64 or INT32 of \[texts, tokens\], it is FP32/,
    ],
    [
      'two datatypes',
      signature([tokens('input_ids'), tokens('attention_mask', { datatype: 'INT32' })]),
      /of different datatypes/,
    ],
    [
      'an output',
      signature(undefined, [
        { ...values, name: 'a' },
        { ...values, name: 'b' },
      ]),
      /expected an output sentence_embedding, .* or a single one, the model has 'a' .*'b'/,
    ],
  ])('%s of the model', async (_, model, message) => {
    rmSync(odd, { recursive: true, force: true });
    writeSentenceFolder(odd);
    await expect(plan(odd, model)).rejects.toThrow(message);
  });
});

describe('a folder', () => {
  const path = join(folder, 'sentences');

  test('of sentence-transformers becomes a pipeline', async () => {
    writeSentenceFolder(path);
    expect((await plan(path)).pipeline).toEqual({
      schema: 1,
      task: 'feature-extraction',
      text: {
        inputs: { ids: 'input_ids', mask: 'attention_mask' },
        steps: [
          { step: 'prompt', texts: { query: 'good ', document: '' } },
          { step: 'tokenise', specialTokens: true },
          { step: 'truncate', length: 12 },
          { step: 'pad', to: 'batch', side: 'right', id: 0 },
          { step: 'layout', datatype: 'INT64' },
        ],
      },
      after: { step: 'pool', output: 'values', how: 'mean', normalise: true, dimensions: [2] },
    });
  });

  test('gives way to the command line', async () => {
    const text = { maxTokens: 5, pooling: 'cls', normalise: false, dimensions: [3, 1] } as const;
    const { pipeline } = await plan(path, signature(), text);
    expect('text' in pipeline && pipeline.text.steps[2]).toEqual({ step: 'truncate', length: 5 });
    expect(pipeline.after).toEqual({
      step: 'pool',
      output: 'values',
      how: 'cls',
      normalise: false,
      dimensions: [1, 3],
    });
  });

  test('of a model that pools itself takes its vectors as they are', async () => {
    const pooled = { name: 'sentence_embedding', datatype: 'FP32', shape: [-1, 4] } as const;
    const model = signature(undefined, [values, { ...pooled, shape: [...pooled.shape] }]);
    expect((await plan(path, model)).pipeline.after).toMatchObject({ output: 'sentence_embedding', how: 'none' });
  });

  test('of a model that insists on a length fills up to it', async () => {
    const fixed = ['input_ids', 'attention_mask'].map((name) => tokens(name, { shape: [-1, 8], datatype: 'INT32' }));
    const { pipeline } = await plan(path, signature(fixed));
    expect('text' in pipeline && pipeline.text.steps.slice(2)).toEqual([
      { step: 'truncate', length: 8 },
      { step: 'pad', to: 'length', length: 8, side: 'right', id: 0 },
      { step: 'layout', datatype: 'INT32' },
    ]);
  });

  test('of a model that marks parts has the tags of its config.json', async () => {
    const names = join(folder, 'names');
    writeNameFolder(names);
    expect((await plan(names)).pipeline).toMatchObject({
      task: 'token-classification',
      after: { step: 'spans', activation: 'softmax', labels: ['O', 'B-PER', 'B-LOC', 'I-LOC'], scheme: 'bio' },
    });
  });

  test('without modules.json needs --pooling', async () => {
    const bare = join(folder, 'bare');
    writeSentenceFolder(bare);
    rmSync(join(bare, 'modules.json'));
    await expect(plan(bare)).rejects.toThrow(
      /nothing says how the vectors of output 'values' \[-1,-1,4\] become one: give --pooling/,
    );
    const { pipeline } = await plan(bare, signature(), { pooling: 'last' });
    expect(pipeline.after).toMatchObject({ how: 'last', normalise: false });
  });
});
