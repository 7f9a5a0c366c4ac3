// Texts as they are, to versions with a pipeline, through the real Worker.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeInferResponse } from '../../../worker/protocol/decode-response.ts';
import { encodeInferRequest } from '../../../worker/protocol/encode-request.ts';
import { TestPop } from '../../harness/pop.ts';
import { moods, names, sentences, textInput } from '../../harness/texts/word-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ MAX_TEXT_BYTES: '2000', MAX_RECORDS: '20' });
  await pop.release(moods('moods', '1'));
  await pop.release(moods('several', '1', 'sigmoid'));
  await pop.release(names('names', '1'));
  await pop.release(sentences('sentences', '1'));
  const prompt = { step: 'prompt', texts: { query: 'bad ', passage: '' }, standard: 'query' } as const;
  await pop.release(sentences('prompted', '1', textInput(8, prompt)));
});
afterAll(() => pop.stop());

async function ask(model: string, body: string | Uint8Array | object, headers: Record<string, string> = {}) {
  const type = { 'content-type': 'application/json' };
  const answer = await pop.send('POST', `/v2/models/${model}/infer`, body, { ...type, ...headers });
  return { status: answer.status, headers: answer.headers, json: answer.json<unknown>() };
}

const plain = { 'content-type': 'text/plain; charset=utf-8' };
const share = 1 / (1 + Math.exp(-2));
const positive = [
  { label: 'POSITIVE', score: expect.closeTo(share, 6) },
  { label: 'NEGATIVE', score: expect.closeTo(1 - share, 6) },
];
const close = (...values: number[]) => values.map((value) => expect.closeTo(value, 6));

function formOf(...fields: (readonly [name: string, value: string | Blob])[]) {
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value);
  return form;
}

async function askForm(model: string, form: FormData) {
  const response = await fetch(new URL(`/v2/models/${model}/infer`, pop.pop.url), { method: 'POST', body: form });
  return { status: response.status, json: (await response.json()) as unknown };
}

describe('a text', () => {
  test('raw', async () => {
    const { status, headers, json } = await ask('moods', 'A good film', plain);
    expect([status, json]).toEqual([200, positive]);
    expect([headers.get('popserve-version'), headers.get('popserve-tokens')]).toEqual(['1', '5']);
    expect(headers.get('popserve-truncated')).toBeNull();
  });

  test('that reads as JSON is a text all the same, unless it could be meant as a request', async () => {
    for (const text of ['{"good": "good"}', '["good"]', '{"inputs": good']) {
      expect((await ask('sentences', text, plain)).json).toEqual(close(0.6, 0.8));
    }
    const { status, json } = await ask('sentences', ' {"inputs": "good"}', plain);
    expect([status, json]).toEqual([
      400,
      { error: expect.stringMatching(/a request with the type text\/plain.* application\/json/) },
    ]);
    expect((await ask('sentences', { inputs: '{"inputs": "good"}' })).status).toBe(200);
  });

  test('in JSON is answered with a list, as the clients of the Hub expect it of this task', async () => {
    expect((await ask('moods', { inputs: 'good' })).json).toEqual([positive]);
    expect((await ask('names', { inputs: 'Ann' })).json).toEqual([expect.objectContaining({ word: 'Ann' })]);
  });

  test('in a form, as a field and as a file', async () => {
    const one = await askForm('moods', formOf(['text', 'good'], ['parameters', '{"top_k": 1}']));
    expect([one.status, one.json]).toEqual([200, positive.slice(0, 1)]);
    const two = await askForm('moods', formOf(['file', new Blob(['good'])], ['text', 'bad']));
    expect(two.json).toEqual([positive, [expect.objectContaining({ label: 'NEGATIVE' }), expect.anything()]]);
  });

  test('with a score of its own for each class', async () => {
    const { json } = await ask('several', 'good', plain);
    expect(json).toEqual([
      { label: 'POSITIVE', score: expect.closeTo(share, 6) },
      { label: 'NEGATIVE', score: 0.5 },
    ]);
    const { json: raw } = await ask('several', { inputs: 'good', parameters: { function_to_apply: 'none' } });
    expect(raw).toEqual([
      [
        { label: 'POSITIVE', score: 2 },
        { label: 'NEGATIVE', score: 0 },
      ],
    ]);
  });

  test('has its names marked in code points', async () => {
    const { json } = await ask('names', '😀 Ann films NEW York', plain);
    expect(json).toEqual([
      { entity_group: 'PER', score: expect.closeTo(0.948, 2), word: 'Ann', start: 2, end: 5 },
      { entity_group: 'LOC', score: expect.closeTo(0.948, 2), word: 'NEW York', start: 12, end: 20 },
    ]);
  });

  test('becomes a vector of the length 1, of which fillings are no part', async () => {
    const { json } = await ask('sentences', { inputs: ['good', 'good film bad bad', 'bad'] });
    expect(json).toEqual([close(0.6, 0.8), close(14 / Math.hypot(14, 2), 2 / Math.hypot(14, 2)), close(0.8, -0.6)]);
  });

  test('may be cut to fewer dimensions, by members in either place', async () => {
    expect((await ask('sentences', { inputs: 'bad', parameters: { dimensions: 1 } })).json).toEqual([1]);
    expect((await ask('sentences', { inputs: 'good', dimensions: 1, normalize: false })).json).toEqual(close(1));
  });

  test('stands behind a prompt', async () => {
    expect((await ask('prompted', 'bad', plain)).json).toEqual(close(0.8, -0.6));
    const [query, passage] = [
      await ask('prompted', { inputs: 'good' }),
      await ask('prompted', { inputs: 'good', prompt_name: 'passage' }),
    ];
    expect(query.json).toEqual(close(7 / Math.hypot(7, 1), 1 / Math.hypot(7, 1)));
    expect(passage.json).toEqual(close(0.6, 0.8));
    const odd = await ask('prompted', { inputs: 'good', prompt_name: 'x' });
    expect([odd.status, odd.json]).toEqual([400, { error: "prompt: expected 'passage' or 'query', got 'x'" }]);
  });
});

describe('a text that is too long', () => {
  const long = 'good good good good good good good good';

  test('is cut off, which the answer tells', async () => {
    const { headers, json } = await ask('sentences', { inputs: ['bad', long] });
    expect([headers.get('popserve-tokens'), headers.get('popserve-truncated')]).toEqual(['11', '1']);
    expect(json).toEqual([close(0.8, -0.6), close(0.6, 0.8)]);
  });

  test('is refused where nothing is to be cut off', async () => {
    const { status, json } = await ask('sentences', { inputs: ['bad', long], truncate: false });
    expect([status, json]).toEqual([
      413,
      { error: expect.stringMatching(/^inputs\[1\]: truncate: the text has 10 tokens, the limit is 8/) },
    ]);
  });

  test('in bytes is refused before it is tokenised', async () => {
    const { status, json } = await ask('moods', 'é'.repeat(1001), plain);
    expect([status, json]).toEqual([413, { error: expect.stringMatching(/2002 bytes.* 2000/) }]);
    expect((await ask('moods', 'é'.repeat(1000), plain)).status).toBe(200);
  });
});

describe('tensors of BYTES', () => {
  const bytes = (...texts: string[]) => ({
    name: 'text',
    datatype: 'BYTES' as const,
    shape: [texts.length],
    data: texts,
  });

  test('hold texts, and are answered with tensors', async () => {
    const { status, json } = await ask('moods', { id: '7', inputs: [bytes('good', 'bad')], parameters: { top_k: 1 } });
    expect([status, json]).toEqual([
      200,
      {
        ...{ model_name: 'moods', model_version: '1', id: '7', parameters: {} },
        outputs: [
          { name: 'label', datatype: 'BYTES', shape: [2, 1], data: ['POSITIVE', 'NEGATIVE'] },
          { name: 'score', datatype: 'FP32', shape: [2, 1], data: close(share, share) },
        ],
      },
    ]);
  });

  test('of parts of texts say which text each is of', async () => {
    const { json } = await ask('names', {
      inputs: [bytes('Ann', 'good', 'in Rome')],
      outputs: [{ name: 'item' }, { name: 'word' }],
    });
    expect(json).toMatchObject({
      outputs: [
        { name: 'item', datatype: 'INT64', shape: [2], data: [0, 2] },
        { name: 'word', datatype: 'BYTES', shape: [2], data: ['Ann', 'Rome'] },
      ],
    });
  });

  test('may come and go in binary, and tell what was cut off', async () => {
    const texts = ['bad', 'good '.repeat(20)].map((text) => new TextEncoder().encode(text));
    const request = encodeInferRequest([{ name: 'text', datatype: 'BYTES', shape: [2], data: texts }], {
      ...{ binary: true, binaryOutputs: true },
    });
    const answer = await pop.send('POST', '/v2/models/sentences/infer', request.body, request.headers);
    const headerLength = answer.headers.get('inference-header-content-length');
    const { outputs, parameters } = decodeInferResponse({ body: answer.bytes, headerLength });
    expect(outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape }))).toEqual([
      { name: 'embedding', datatype: 'FP32', shape: [2, 2] },
    ]);
    expect(parameters).toEqual({ truncated: '1' });
  });

  test("leave the model's own tensors as they are", async () => {
    const tensor = (name: string) => ({ name, datatype: 'INT64', shape: [1, 1], data: [name === 'input_ids' ? 4 : 1] });
    const { json } = await ask('moods', { inputs: [tensor('input_ids'), tensor('attention_mask')] });
    expect(json).toMatchObject({ outputs: [{ name: 'values', shape: [1, 2], data: [2, 0] }] });
  });

  test('are what the metadata say', async () => {
    const { pipeline } = (await pop.send('GET', '/v2/models/names')).json<{ pipeline: unknown }>();
    expect(pipeline).toMatchObject({
      task: 'token-classification',
      inputs: [{ name: 'text', datatype: 'BYTES', shape: [-1] }],
      outputs: [
        { name: 'item' },
        { name: 'label' },
        { name: 'score' },
        { name: 'word' },
        { name: 'start' },
        { name: 'end' },
      ],
    });
  });

  test.each([
    [
      'another name',
      { ...bytes('good'), name: 'sentence' },
      /^input 'sentence': not an input of the model, which has 'text'/,
    ],
    ['no text', bytes(), /^input 'text': expected at least one element, got none/],
    ['two axes', { ...bytes('good', 'bad'), shape: [1, 2] }, /expected BYTES \[-1\], got BYTES \[1,2\]/],
  ])('are refused with %s', async (_, input, message) => {
    const { status, json } = await ask('moods', { inputs: [input] });
    expect([status, json]).toEqual([400, { error: expect.stringMatching(message) }]);
  });

  test('have no threshold, which would give rows of different lengths', async () => {
    const { status } = await ask('moods', { inputs: [bytes('good')], parameters: { threshold: 0.5 } });
    expect(status).toBe(400);
  });
});

describe('what is wrong is named', () => {
  test.each([
    [
      'a picture',
      'moods',
      'x',
      { 'content-type': 'image/png' },
      415,
      /text-classification takes texts, as text\/plain/,
    ],
    [
      'another charset',
      'moods',
      'x',
      { 'content-type': 'text/plain; charset=latin1' },
      415,
      /UTF-8, got the charset 'latin1'/,
    ],
    ['bytes that are no text', 'moods', new Uint8Array([0xff, 0xfe]), plain, 400, /^the text is not UTF-8/],
    [
      'a parameter of another task',
      'moods',
      { inputs: 'x', parameters: { dimensions: 1 } },
      {},
      400,
      /'dimensions' means nothing to text-classification/,
    ],
    ['too many texts', 'moods', { inputs: Array(21).fill('x') }, {}, 413, /at most 20 texts in a request, got 21/],
    ['an odd member', 'moods', { inputs: 'x', input: 'y' }, {}, 400, /got 'input' beside them/],
  ])('%s', async (_, model, body, headers, status, message) => {
    const answer = await ask(model, body as string, headers as Record<string, string>);
    expect([answer.status, answer.json]).toEqual([status, { error: expect.stringMatching(message) }]);
    expect((await ask('moods', 'good', plain)).json).toEqual(positive);
  });

  test.each([
    [
      'a field of another name',
      formOf(['sentence', 'good']),
      /expected the fields 'text', 'file' and 'parameters', got 'sentence'/,
    ],
    ['no field', formOf(['parameters', '{}']), /expected a field 'text', got none/],
    [
      'a file that is no text',
      formOf(['file', new Blob([new Uint8Array([0xff])])]),
      /field 'file': the file is not UTF-8/,
    ],
  ])('%s', async (_, form, message) => {
    const { status, json } = await askForm('moods', form);
    expect([status, json]).toEqual([400, { error: expect.stringMatching(message) }]);
  });
});
