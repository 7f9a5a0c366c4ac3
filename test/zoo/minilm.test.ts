// A sentence model from its folder to vectors: laid out as the Hub has it, published, and asked in three ways, against native
// onnxruntime's own outputs for the same sentences and the pooling in plain arithmetic.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { preparePublication } from '../../scripts/validation/prepare-publication.ts';
import { cosine } from '../../worker/pipeline/compare-answers.ts';
import { TestPop } from '../harness/pop.ts';
import { runCommand } from '../scripts/cli/captured-host.ts';
import { readGoldenCase } from './golden-case.ts';
import { hasZoo, zooPath } from './zoo.ts';

const name = 'minilm-l6-int8-RANDOM';
const folder = mkdtempSync(join(tmpdir(), 'popserve-minilm-'));
const module = (type: string, path: string) => ({ type: `sentence_transformers.models.${type}`, path });

let pop: TestPop;
beforeAll(async () => {
  if (!hasZoo) return;
  mkdirSync(join(folder, 'onnx'));
  mkdirSync(join(folder, '1_Pooling'));
  symlinkSync(zooPath(name, 'model.onnx'), join(folder, 'onnx', 'model.onnx'));
  symlinkSync(zooPath(name, 'tokenizer.json'), join(folder, 'tokenizer.json'));
  const files = {
    'config.json': { architectures: ['BertModel'], model_type: 'bert', max_position_embeddings: 512 },
    'tokenizer_config.json': { tokenizer_class: 'BertTokenizer', model_max_length: 512, pad_token: '[PAD]' },
    'special_tokens_map.json': { pad_token: '[PAD]', unk_token: '[UNK]' },
    'modules.json': [module('Transformer', ''), module('Pooling', '1_Pooling'), module('Normalize', '2_Normalize')],
    '1_Pooling/config.json': { word_embedding_dimension: 384, pooling_mode_mean_tokens: true },
    'sentence_bert_config.json': { max_seq_length: 256 },
  };
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), JSON.stringify(content));
  pop = await TestPop.start();
});
afterAll(async () => {
  await pop?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function command(...args: string[]) {
  const env = { POPSERVE_URL: pop.pop.url.href, POPSERVE_TOKEN: pop.pop.token, POPSERVE_ACTOR: 'somebody' };
  return runCommand(args, env.POPSERVE_URL, { env, prepare: preparePublication, wait: (ms) => delay(ms) });
}

/** The mean of each sentence's tokens, of the length 1. */
function oracle(): number[][] {
  const { inputs, outputs } = readGoldenCase(name, 'batch4');
  const mask = inputs.find((input) => input.name === 'attention_mask')?.values.map(Number) ?? [];
  const [hidden] = outputs;
  const [rows = 0, tokens = 0, width = 0] = hidden?.shape ?? [];
  return Array.from({ length: rows }, (_, row) => {
    const sums = new Array<number>(width).fill(0);
    for (let token = 0; token < tokens; token++) {
      if (mask[row * tokens + token] !== 1) continue;
      for (let at = 0; at < width; at++)
        sums[at] = (sums[at] ?? 0) + Number(hidden?.values[(row * tokens + token) * width + at]);
    }
    const length = Math.hypot(...sums);
    return sums.map((sum) => sum / length);
  });
}

describe.runIf(hasZoo)('a sentence model', () => {
  const sentences = () => JSON.parse(readFileSync(zooPath(name, 'sentences.json'), 'utf8')) as string[];

  test('is published from its folder, verified, and answers as native onnxruntime does', {
    timeout: 300_000,
  }, async () => {
    const published = await command('publish', folder, '--name', 'sentences', '--activate', '--probe-limit', '0');
    expect([published.status, published.err]).toEqual([0, '']);
    expect(published.out).toMatch(/tokenise by WordPiece, 30,522 tokens +tokenizer.json/);
    expect(published.out).toMatch(/at most 256 tokens +sentence_bert_config.json: max_seq_length/);
    const verified = await command('verify', 'sentences', '1');
    expect([verified.status, verified.out]).toEqual([0, expect.stringContaining('6 of 6 golden vectors as published')]);

    const headers = { 'content-type': 'application/json' };
    const inputs = sentences();
    const hub = (await pop.send('POST', '/v2/models/sentences/infer', { inputs }, headers)).json<number[][]>();
    const answer = await pop.send('POST', '/v1/embeddings', { model: 'sentences', input: inputs }, headers);
    const openai = answer.json<{ data: { embedding: number[] }[]; usage: { prompt_tokens: number } }>();
    expect(openai.data.map(({ embedding }) => embedding)).toEqual(hub);
    expect(openai.usage.prompt_tokens).toBe(12 + 9 + 9 + 17);
    for (const [row, expected] of oracle().entries()) expect(cosine(expected, hub[row] ?? [])).toBeGreaterThan(0.999);
  });
});
