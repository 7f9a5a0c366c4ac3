// Pictures and texts from Node, where nothing draws: through the built client against the real Worker, and here. Browsers are tested in
// Chromium.
import { join } from 'node:path';
import * as ort from 'onnxruntime-web';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type * as media from '../../../client/media/index.ts';
import type { PopserveError } from '../../../client/media/index.ts';
import { buildClient, clientFolder } from '../../../scripts/build/client.ts';
import { colourModel, colourPipeline } from '../../harness/pictures/colour-model.ts';
import { png } from '../../harness/pictures/encoders.ts';
import { jpegs } from '../../harness/pictures/jpegs.ts';
import { spotModel } from '../../harness/pictures/spot-model.ts';
import { drawStripes, stripeModel } from '../../harness/pictures/stripe-model.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';
import { moods, names, sentences, textInput } from '../../harness/texts/word-models.ts';
import { Weather } from '../weather.ts';

const teal = new Uint8Array(png(20, 10, () => [0, 102, 51]));
const jpeg = new Uint8Array(Buffer.from(jpegs.baseline, 'base64'));
const { image } = colourPipeline();
/** Takes the channels the other way round. */
const swapped = colourPipeline({
  image: { ...image, steps: image.steps.map((step) => (step.step === 'colour' ? { ...step, to: 'bgr' } : step)) },
});

let MediaClient: typeof media.MediaClient;
let pop: TestPop;
let weather: Weather;
beforeAll(async () => {
  await buildClient({ declarations: false });
  ({ MediaClient } = await import(join(clientFolder, 'media.js')));
  pop = await TestPop.start({ ROUTE_REFRESH_SECONDS: '0' });
  await pop.release(colourModel('colour', '1'));
  await pop.release(colourModel('colour', '2', swapped), false);
  await pop.release(spotModel('spots', '1'));
  await pop.release(sentences('sentences', '1'));
  await pop.release(sentences('asked', '1', textInput(8, { step: 'prompt', texts: { query: 'new york ' } })));
  await pop.release(moods('moods', '1'));
  await pop.release(names('names', '1'));
  await pop.release(stripeModel('lines', '1'));
  await pop.release(adder('adder', '1', 1));
  weather = await Weather.over(pop.pop.url);
});
afterAll(async () => {
  await weather?.stop();
  await pop?.stop();
});

let client: media.MediaClient;
beforeEach(() => {
  client = new MediaClient(weather.url, { local: { ort }, retries: 0 });
});
afterEach(() => weather.clear());

const calls = (path: string) => weather.arrived.filter(({ call }) => call.endsWith(path)).length;
const failure = (promise: Promise<unknown>): Promise<PopserveError> =>
  promise.then(
    () => expect.unreachable('it succeeded'),
    (error) => error,
  );

describe('a file', () => {
  test.each([
    ['bytes', teal],
    ['a Blob without a type', new Blob([teal])],
    ['a File with a wrong type', new File([teal], 'a.jpg', { type: 'image/jpeg' })],
  ])('as %s is told what it shows', async (_, picture) => {
    const answer = await client.classify('colour', picture);
    expect(answer).toEqual({
      ...{
        model: 'colour',
        version: '1',
        epoch: 1,
        digest: expect.stringMatching(/^sha256:/),
        ranAt: 'pop',
        pop: 'local',
      },
      labels: [
        { label: 'green', score: expect.closeTo(0.4, 6) },
        { label: 'blue', score: expect.closeTo(0.2, 6) },
        { label: 'red', score: 0 },
      ],
    });
    expect(weather.arrived.at(-1)?.headers['content-type']).toBe('image/png');
  });

  test('travels in a form where there is more to say', async () => {
    const { labels } = await client.classify('colour', jpeg, { topK: 2, threshold: 0.5 });
    expect(labels).toEqual([{ label: 'red', score: expect.closeTo(0.86, 1) }]);
    expect(weather.arrived.at(-1)?.headers['content-type']).toMatch(/^multipart\/form-data/);
  });

  test('costs one question about the version, however many follow', async () => {
    for (let call = 0; call < 3; call++) await client.classify('colour', teal);
    expect([calls('/config'), calls('/infer')]).toEqual([1, 3]);
  });
});

test('things are found with boxes in pixels of the file, at the PoP and here', async () => {
  const spotted = new Uint8Array(png(40, 24, (x, y) => (x >= 35 && y < 3 ? [255, 0, 0] : [90, 90, 90])));
  const objects = [{ label: 'spot', score: expect.closeTo(0.757, 3), box: { xmin: 35, ymin: 0, xmax: 40, ymax: 3 } }];
  expect(await client.detect('spots', spotted)).toMatchObject({ ranAt: 'pop', objects });
  expect(await client.detect('spots', spotted, { at: 'local' })).toMatchObject({ ranAt: 'local', objects });
  expect((await client.detect('spots', spotted, { threshold: 1.1 })).objects).toEqual([]);
  expect(await failure(client.classify('spots', spotted))).toMatchObject({
    ...{
      code: 'INVALID_ARGUMENT',
      message: 'expected a version for image-classification: spots 1 is for object-detection',
    },
  });
});

test('a line of writing is read, at the PoP and here', async () => {
  for (const at of ['pop', 'local'] as const) {
    const answer = await client.read('lines', drawStripes('grbr'), { at });
    expect(answer).toMatchObject({ model: 'lines', version: '1', ranAt: at, text: 'grr' });
    expect(answer.score).toBeGreaterThan(0.5);
  }
  expect(await client.read('lines', drawStripes('bb'))).toMatchObject({ text: '', score: 0 });
  expect((await failure(client.read('colour', teal))).message).toBe(
    'expected a version for image-to-text: colour 1 is for image-classification',
  );
});

describe('texts', () => {
  const texts = ['good film', 'bad', 'good good good good good good good good bad'];

  test('become the vectors that the PoP makes, here too', async () => {
    const [atPop, here] = [
      await client.embed('sentences', texts),
      await client.embed('sentences', texts, { at: 'local' }),
    ];
    expect(atPop).toMatchObject({ model: 'sentences', version: '1', ranAt: 'pop', tokens: 4 + 3 + 8, truncated: true });
    expect(atPop.embeddings.map((vector) => Array.from(vector, (value) => Math.round(value * 100) / 100))).toEqual([
      [0.6, 0.8],
      [0.8, -0.6],
      [0.6, 0.8],
    ]);
    expect(here).toEqual({ ...atPop, ranAt: 'local', pop: null });
  });

  test('one text is a list of one, cut to a length that the version allows', async () => {
    for (const at of ['pop', 'local'] as const) {
      const { embeddings, truncated } = await client.embed('sentences', 'bad', { at, dimensions: 1 });
      expect([embeddings, truncated]).toEqual([[new Float32Array([1])], false]);
      const error = await failure(client.embed('sentences', 'bad', { at, dimensions: 7 }));
      expect([error.code, error.message]).toEqual(['INVALID_ARGUMENT', 'dimensions: expected 1, 2, got 7']);
    }
  });

  test('have the prompt that is named before them', async () => {
    for (const at of ['pop', 'local'] as const) {
      const { tokens } = await client.embed('asked', 'bad', { at, prompt: 'query' });
      expect(tokens).toBe(5);
      const error = await failure(client.embed('asked', 'bad', { at, prompt: 'reply' }));
      expect(error).toMatchObject({
        name: 'PopserveError',
        message: expect.stringMatching(/^prompt: expected 'query'/),
      });
    }
  });

  test('have classes, the same at the PoP and here', async () => {
    for (const at of ['pop', 'local'] as const) {
      const { labels, truncated, ranAt } = await client.classifyTexts('moods', ['good film', 'bad'], { at });
      expect([ranAt, truncated]).toEqual([at, false]);
      expect(labels.map((own) => own.map(({ label }) => label))).toEqual([
        ['POSITIVE', 'NEGATIVE'],
        ['NEGATIVE', 'POSITIVE'],
      ]);
      expect(labels[0]?.[0]?.score).toBeCloseTo(1 / (1 + Math.exp(-2)), 5);
      const asked = { at, topK: 1, threshold: 0.95 };
      expect((await client.classifyTexts('moods', ['good', 'good good'], asked)).labels).toEqual([
        [],
        [{ label: 'POSITIVE', score: expect.closeTo(1 / (1 + Math.exp(-4)), 5) }],
      ]);
      const long = await client.classifyTexts('moods', 'good '.repeat(20), { at });
      expect([long.labels.length, long.truncated]).toEqual([1, true]);
    }
  });

  test('have parts that a model marks, in places of the string', async () => {
    const text = '\u{1f642} ann saw new york';
    for (const at of ['pop', 'local'] as const) {
      const { spans, ranAt } = await client.markTexts('names', [text, 'bad film'], { at });
      expect(ranAt).toBe(at);
      expect(spans).toEqual([
        [
          { label: 'PER', word: 'ann', start: 3, end: 6, score: expect.any(Number) },
          { label: 'LOC', word: 'new york', start: 11, end: 19, score: expect.any(Number) },
        ],
        [],
      ]);
      for (const { word, start, end } of spans[0] ?? []) expect(text.slice(start, end)).toBe(word);
      expect((await client.markTexts('names', 'ann', { at, threshold: 1.1 })).spans).toEqual([[]]);
    }
  });

  test('of another task are refused by name', async () => {
    expect((await failure(client.classifyTexts('names', 'ann', { at: 'local' }))).message).toBe(
      'expected a version for text-classification: names 1 is for token-classification',
    );
    expect((await failure(client.classifyTexts('names', 'ann', { topK: 1 }))).code).toBe('INVALID_ARGUMENT');
    expect((await failure(client.markTexts('moods', 'good'))).message).toBe(
      'expected a version for token-classification: moods 1 is for text-classification',
    );
    expect((await failure(client.classifyTexts('names', 'ann'))).message).toBe(
      'expected a version for text-classification: names 1 is for token-classification',
    );
    expect((await failure(client.markTexts('adder', 'good'))).code).toBe('INVALID_ARGUMENT');
  });

  test('need no network once the version is prepared, and what is kept is checked', async () => {
    await client.prepare('sentences');
    weather.ahead.push('reset');
    expect(await client.embed('sentences', 'good')).toMatchObject({ ranAt: 'local', tokens: 3 });
    const spoilt = new MediaClient(weather.url, { local: { ort }, retries: 0 });
    await spoilt.prepare('colour');
    weather.spoil = (body) => (body.toString('latin1').includes('popstok1') ? Buffer.from('spoilt') : body);
    expect((await failure(spoilt.prepare('sentences'))).code).toBe('DIGEST_MISMATCH');
  });

  test('are refused by a version that makes no vectors of them', async () => {
    const wrong = await failure(client.embed('moods', 'good'));
    expect(wrong.message).toBe('expected a version for feature-extraction: moods 1 is for something else');
    expect((await failure(client.embed('moods', 'good', { at: 'local' }))).message).toBe(
      'expected a version for feature-extraction: moods 1 is for text-classification',
    );
    expect((await failure(client.embed('sentences', []))).code).toBe('INVALID_ARGUMENT');
    expect((await failure(client.embed('adder', 'good'))).message).toMatch(/input 'text': not an input of the model/);
  });
});

describe('what cannot be', () => {
  test.each([
    ['a model of tensors', 'adder', teal, 'INVALID_ARGUMENT', /adder 1 takes tensors only/],
    ['no such model', 'nothing', teal, 'NOT_FOUND', /nothing/],
    [
      'no picture',
      'colour',
      new TextEncoder().encode('GIF89a..'),
      'INVALID_ARGUMENT',
      /decode: expected a JPEG, a PNG or a WebP/,
    ],
    ['pixels without a canvas', 'colour', { width: 1, height: 1, data: [0] }, 'INVALID_ARGUMENT', /no canvas here/],
  ])('%s is refused by name', async (_, model, picture, code, message) => {
    const error = await failure(client.classify(model, picture as Uint8Array));
    expect(error).toMatchObject({ name: 'PopserveError', code, message: expect.stringMatching(message) });
  });

  test('errors are those of popserve/client', async () => {
    const { PopserveError } = await import(join(clientFolder, 'index.js'));
    expect(await failure(client.classify('nothing', teal))).toBeInstanceOf(PopserveError);
  });

  test('a signal ends a call', async () => {
    weather.ahead.push('silence');
    const stop = new AbortController();
    const asked = client.classify('colour', teal, { signal: stop.signal });
    stop.abort(new Error('enough'));
    expect((await failure(asked)).message).toBe('enough');
  });
});

describe('here', () => {
  test.each([
    ['PNG', teal],
    ['JPEG', jpeg],
  ])('a %s gets the answer that the PoP gives', async (_, file) => {
    const atPop = await client.classify('colour', file);
    const { labels, ...said } = await client.classify('colour', file, { at: 'local' });
    expect(said).toEqual({ ...said, version: '1', epoch: 1, ranAt: 'local', pop: null });
    expect(labels.map(({ label }) => label)).toEqual(atPop.labels.map(({ label }) => label));
    for (const [index, { score }] of labels.entries()) expect(score).toBeCloseTo(atPop.labels[index]?.score ?? -1, 6);
  });

  test('it runs where no PoP answers, once it is prepared', async () => {
    expect(await client.prepare('colour')).toMatchObject({ version: '1', epoch: 1 });
    weather.ahead.push({ status: 503 });
    expect(await client.classify('colour', teal, { topK: 1 })).toMatchObject({
      ...{ ranAt: 'local', version: '1' },
      labels: [{ label: 'green' }],
    });
    expect(calls('/config')).toBe(1);
  });

  test('a damaged file is refused as the PoP refuses it', async () => {
    const cut = jpeg.subarray(0, -20);
    const atPop = await failure(client.classify('colour', cut));
    const here = await failure(client.classify('colour', cut, { at: 'local' }));
    expect([here.code, here.message]).toEqual([atPop.code, atPop.message]);
  });
});

test('after a release the steps of the new version count', async () => {
  await client.classify('colour', teal);
  await pop.takeOver('colour', { action: 'activate', version: '2' });
  const answers = [await client.classify('colour', teal), await client.classify('colour', teal, { at: 'local' })];
  const labels = [{ label: 'green' }, { label: 'red' }, { label: 'blue' }];
  expect(answers).toMatchObject([
    { version: '2', ranAt: 'pop', labels },
    { version: '2', ranAt: 'local', labels },
  ]);
  expect([calls('/versions/2/config'), calls('/infer')]).toEqual([1, 2]);
});
