// Clients of others, unchanged and pointed at the PoP: @huggingface/inference and openai, as npm has them.
import { InferenceClient } from '@huggingface/inference';
import OpenAI, { APIError } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { boxModel, boxPipeline } from '../harness/pictures/box-model.ts';
import { colourModel, colourPipeline } from '../harness/pictures/colour-model.ts';
import { png } from '../harness/pictures/encoders.ts';
import { TestPop } from '../harness/pop.ts';
import { moods, names, sentences } from '../harness/texts/word-models.ts';

const teal = new Blob([new Uint8Array(png(16, 8, () => [0, 102, 51]))]);

let pop: TestPop;
let token: string;
beforeAll(async () => {
  pop = await TestPop.start({ INFERENCE_ACCESS: 'keyed' });
  for (const made of [moods('moods', '1'), names('names', '1'), sentences('sentences', '1')]) await pop.release(made);
  await pop.release(colourModel('colour', '1', colourPipeline()));
  const boxes = { name: 'boxes', shape: [1, 4], values: [0, 0, 0.5, 1] } as const;
  const scores = { name: 'scores', shape: [1, 1], values: [0.9] } as const;
  const decode = { form: 'decoded', boxes: 'boxes', scores: 'scores', activation: 'none', background: 'none' } as const;
  const after = {
    step: 'boxes',
    ...{ labels: ['cat'], threshold: 0.5, iou: 0.5, most: 10 },
    decode: { ...decode, as: 'corners', units: 'share' },
  } as const;
  const resize = { step: 'resize', fit: 'fill', height: 8, width: 8, filter: 'bilinear' } as const;
  const pipeline = boxPipeline({ ...after, labels: [...after.labels] }, resize);
  await pop.release(boxModel('cats', '1', { outputs: [boxes, scores], size: [8, 8] }, pipeline));
  const key = await pop.operate('POST', '/registry/keys', { name: 'clients', scopes: ['infer'] });
  token = key.json<{ token: string }>().token;
});
afterAll(() => pop.stop());

describe('@huggingface/inference', () => {
  const of = (model: string) =>
    new InferenceClient(token, { endpointUrl: new URL(`v2/models/${model}/infer`, pop.pop.url).href });

  test('featureExtraction of a text, and of several with options', async () => {
    expect(await of('sentences').featureExtraction({ inputs: 'good' })).toEqual([
      expect.closeTo(0.6, 6),
      expect.closeTo(0.8, 6),
    ]);
    const several = await of('sentences').featureExtraction({ inputs: ['good', 'bad'], normalize: false });
    expect(several).toEqual([
      [expect.closeTo(1, 6), expect.closeTo(4 / 3, 6)],
      [expect.closeTo(4 / 3, 6), expect.closeTo(-1, 6)],
    ]);
  });

  test('textClassification', async () => {
    const answer = await of('moods').textClassification({ inputs: 'a good film', parameters: { top_k: 1 } });
    expect(answer).toEqual([{ label: 'POSITIVE', score: expect.closeTo(1 / (1 + Math.exp(-2)), 6) }]);
  });

  test('tokenClassification', async () => {
    const parameters = { aggregation_strategy: 'simple' } as const;
    expect(await of('names').tokenClassification({ inputs: 'Ann in Rome', parameters })).toEqual([
      { entity_group: 'PER', score: expect.any(Number), word: 'Ann', start: 0, end: 3 },
      { entity_group: 'LOC', score: expect.any(Number), word: 'Rome', start: 7, end: 11 },
    ]);
  });

  test('imageClassification and objectDetection of a file without a media type', async () => {
    const [first] = await of('colour').imageClassification({ data: teal });
    expect(first).toEqual({ label: 'green', score: expect.closeTo(0.4, 6) });
    expect(await of('cats').objectDetection({ data: teal })).toEqual([
      { label: 'cat', score: expect.closeTo(0.9, 6), box: { xmin: 0, ymin: 0, xmax: 8, ymax: 8 } },
    ]);
  });

  test('a refusal has the message of the PoP', async () => {
    const refused = of('moods').featureExtraction({ inputs: 'good', normalize: true });
    await expect(refused).rejects.toThrow("parameters: 'normalize' means nothing to text-classification");
  });
});

describe('openai', () => {
  const client = () => new OpenAI({ apiKey: token, baseURL: new URL('v1', pop.pop.url).href, maxRetries: 0 });

  test('embeddings as base64, which it asks for by itself, and as floats', async () => {
    const request = { model: 'sentences', input: ['good', 'bad'] };
    const { data, usage, model } = await client().embeddings.create(request);
    expect([data.length, usage, model]).toEqual([2, { prompt_tokens: 6, total_tokens: 6 }, 'sentences']);
    expect([...(data[0]?.embedding ?? [])]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
    const plain = await client().embeddings.create({ ...request, encoding_format: 'float', dimensions: 1 });
    expect(plain.data.map(({ embedding }) => embedding)).toEqual([[1], [1]]);
  });

  test('models.list, page by page as its iterator asks', async () => {
    const listed = [];
    for await (const { id, object } of client().models.list()) listed.push(`${object} ${id}`);
    expect(listed).toEqual(['cats', 'colour', 'moods', 'names', 'sentences'].map((name) => `model ${name}`));
  });

  test('a refusal is an error of its own kind', async () => {
    const error: unknown = await client()
      .embeddings.create({ model: 'nobody', input: 'good' })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error instanceof APIError && [error.status, error.code, error.param]).toEqual([
      404,
      'model_not_found',
      'model',
    ]);
  });
});
