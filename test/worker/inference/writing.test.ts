// Pictures of one line of writing to a version that reads them, through the real Worker.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawStripes, stripeModel } from '../../harness/pictures/stripe-model.ts';
import { TestPop } from '../../harness/pop.ts';

const path = '/v2/models/stripes/infer';
let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
  await pop.release(stripeModel('stripes', '1'));
});
afterAll(() => pop.stop());

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const text = (generated_text: string) => [{ generated_text, score: expect.closeTo(1, 1) }];

test('a picture is answered with its text and a score', async () => {
  const answer = await pop.send('POST', path, drawStripes('bgbrrgb'), { 'content-type': 'image/png' });
  expect([answer.status, answer.json()]).toEqual([200, text('grg')]);
  expect(answer.headers.get('popserve-version')).toBe('1');
});

test('lines of different widths are one batch, each answered as if it came alone', async () => {
  const lines = ['rbr', 'gbgbg', 'rgbrgbrg'];
  const alone = [];
  for (const line of lines) {
    alone.push((await pop.send('POST', path, drawStripes(line), { 'content-type': 'image/png' })).json());
  }
  const batch = await pop.send('POST', path, { inputs: lines.map((line) => base64(drawStripes(line))) });
  expect([batch.status, batch.json()]).toEqual([200, alone]);
  expect(alone).toEqual([text('rr'), text('ggg'), text('rgrgrg')]);
});

test('the values that a text is read from may be more than an answer may hold', async () => {
  const small = await TestPop.start({ MAX_BODY_MIB: '0.001' });
  try {
    await small.release(stripeModel('stripes', '1'));
    const answer = await small.send('POST', path, drawStripes('gbr'.repeat(40)), { 'content-type': 'image/png' });
    expect([answer.status, answer.json()]).toEqual([
      200,
      [{ generated_text: expect.any(String), score: expect.any(Number) }],
    ]);
  } finally {
    await small.stop();
  }
});

test('a picture without writing is an empty text that scores nothing', async () => {
  const answer = await pop.send('POST', path, drawStripes('bb'), { 'content-type': 'image/png' });
  expect(answer.json()).toEqual([{ generated_text: '', score: 0 }]);
});

test('parameters of other tasks are refused by name, and the next request is answered', async () => {
  const picture = base64(drawStripes('g'));
  const refused = await pop.send('POST', path, { inputs: picture, parameters: { top_k: 2 } });
  expect([refused.status, refused.json()]).toEqual([
    400,
    { error: "parameters: 'top_k' means nothing to image-to-text, expected none" },
  ]);
  expect((await pop.send('POST', path, { inputs: picture })).json()).toEqual(text('g'));
});
