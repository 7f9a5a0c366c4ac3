// OpenAI's call for vectors: its answers and its errors, to the letter.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestPop } from '../../harness/pop.ts';
import { moods, sentences } from '../../harness/texts/word-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ INFERENCE_ACCESS: 'keyed' });
  await pop.release(sentences('sentences', '1'));
  await pop.release(sentences('sentences', '2'), false);
  await pop.takeOver('sentences', { action: 'alias', name: 'next', version: '2' });
  await pop.release(moods('moods', '1'));
});
afterAll(() => pop.stop());

async function embed(body: unknown, key: string | null = pop.pop.token) {
  const headers = { 'content-type': 'application/json', ...(key === null ? {} : { authorization: `Bearer ${key}` }) };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await pop.send('POST', '/v1/embeddings', text, headers);
  return { status: answer.status, headers: answer.headers, json: answer.json<unknown>() };
}

async function keyFor(...models: string[]): Promise<string> {
  const answer = await pop.operate('POST', '/registry/keys', { name: 'test', scopes: ['infer'], models });
  return answer.json<{ token: string }>().token;
}

describe('vectors', () => {
  test('of one text, with its tokens', async () => {
    const { status, headers, json } = await embed({ model: 'sentences', input: 'good film' });
    expect(status).toBe(200);
    expect(json).toEqual({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [expect.closeTo(0.6, 6), expect.closeTo(0.8, 6)] }],
      model: 'sentences',
      usage: { prompt_tokens: 4, total_tokens: 4 },
    });
    expect(headers.get('popserve-version')).toBe('1');
  });

  test('of several, as base64 of little-endian FP32, cut to a length', async () => {
    const input = ['good', 'bad'];
    const { json } = await embed({ model: 'sentences', input, encoding_format: 'base64', dimensions: 1, user: 'ann' });
    const one = Buffer.from(Float32Array.of(1).buffer).toString('base64');
    expect(json).toMatchObject({
      data: input.map((_, index) => ({ index, embedding: one })),
      usage: { total_tokens: 6 },
    });
  });

  test.each([
    ['a version', 'sentences@2'],
    ['an alias', 'sentences@next'],
  ])('of %s', async (_, model) => {
    const { headers, json } = await embed({ model, input: 'good' });
    expect([headers.get('popserve-version'), json]).toEqual(['2', expect.objectContaining({ model })]);
  });

  test('tell which texts were cut off', async () => {
    const { headers, json } = await embed({ model: 'sentences', input: ['good', 'good '.repeat(20)] });
    expect(headers.get('popserve-truncated')).toBe('1');
    expect(json).toMatchObject({ usage: { prompt_tokens: 11 } });
  });
});

describe('errors have the form of that API', () => {
  const error = (message: RegExp, param: string | null, code: string | null = null) => ({
    error: { message: expect.stringMatching(message), type: 'invalid_request_error', param, code },
  });

  test.each([
    ['tokens', { model: 'sentences', input: [1, 2] }, 400, error(/^input: expected texts, got tokens/, 'input')],
    [
      'lists of tokens',
      { model: 'sentences', input: [[1], [2]] },
      400,
      error(/^input: expected texts, got tokens/, 'input'),
    ],
    [
      'an empty text',
      { model: 'sentences', input: '' },
      400,
      error(/input: expected a text, got an empty one/, 'input'),
    ],
    ['no text', { model: 'sentences', input: [] }, 400, error(/input/, 'input')],
    ['no model', { input: 'good' }, 400, error(/model/, 'model')],
    ['an unknown member', { model: 'sentences', input: 'good', format: 'x' }, 400, error(/format/, null)],
    [
      'an unknown format',
      { model: 'sentences', input: 'good', encoding_format: 'hex' },
      400,
      error(/encoding_format/, 'encoding_format'),
    ],
    [
      'a length that the model was not trained for',
      { model: 'sentences', input: 'good', dimensions: 3 },
      400,
      error(/^dimensions: expected 1, 2, got 3/, 'dimensions'),
    ],
    [
      'a model of another task',
      { model: 'moods', input: 'good' },
      400,
      error(
        /^model: expected one that was published for feature-extraction, moods 1 is for text-classification/,
        'model',
      ),
    ],
    [
      'a model that is not there',
      { model: 'nothing', input: 'good' },
      404,
      error(/nothing/, 'model', 'model_not_found'),
    ],
    [
      'a version that is not there',
      { model: 'sentences@9', input: 'good' },
      404,
      error(/9/, 'model', 'model_not_found'),
    ],
    ['no JSON', '{', 400, error(/JSON/, null)],
  ])('%s', async (_, body, status, expected) => {
    const answer = await embed(body);
    expect([answer.status, answer.json]).toEqual([status, expected]);
  });

  test('a call without a key, or with one for other models', async () => {
    const body = { model: 'sentences', input: 'good' };
    const anonymous = await embed(body, null);
    expect([anonymous.status, anonymous.json]).toEqual([401, error(/expected a key/, null, 'invalid_api_key')]);
    const other = await embed(body, await keyFor('moods'));
    expect([other.status, other.json]).toEqual([
      403,
      error(/^the key is for moods only, not for model 'sentences'/, null),
    ]);
    expect((await embed(body, await keyFor('sentences'))).status).toBe(200);
  });

  test('another method', async () => {
    const answer = await pop.send('GET', '/v1/embeddings');
    expect([answer.status, answer.json()]).toEqual([405, error(/POST/, null)]);
  });
});
