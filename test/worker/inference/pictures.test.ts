// Pictures as they are, to a version with a pipeline, through the real Worker.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ShadowReport } from '../../../registry/api/shadow.ts';
import { eventually } from '../../harness/eventually.ts';
import { colourModel, colourPipeline } from '../../harness/pictures/colour-model.ts';
import { png } from '../../harness/pictures/encoders.ts';
import { jpegs } from '../../harness/pictures/jpegs.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

const path = '/v2/models/colour/infer';
const teal = new Uint8Array(png(20, 10, () => [0, 102, 51]));
const red = new Uint8Array(png(3, 7, () => [255, 0, 51]));
const jpeg = new Uint8Array(Buffer.from(jpegs.baseline, 'base64'));
const greenFirst = [
  { label: 'green', score: expect.closeTo(0.4, 6) },
  { label: 'blue', score: expect.closeTo(0.2, 6) },
  { label: 'red', score: 0 },
];
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** The frame header of the baseline JPEG: FF C0, its length and what follows. */
const frameAt = Buffer.from(jpeg).indexOf('ffc0', 0, 'hex');
const frame = Buffer.from(jpeg.subarray(frameAt, frameAt + 19));

/** A decoder reads on behind the marker and finds 8000x8000 pixels; who skips a segment there finds a frame of 14x10 at its end. */
function hidingFrame(marker: number): Uint8Array {
  const huge = Buffer.from(frame);
  huge.writeUInt16BE(8000, 5);
  huge.writeUInt16BE(8000, 7);
  const hidden = [jpeg.subarray(2, frameAt), huge, jpeg.subarray(frameAt + 19)];
  const length = Buffer.alloc(2);
  length.writeUInt16BE(2 + Buffer.concat(hidden).length);
  const parts = [Buffer.from([0xff, 0xd8, 0xff, marker]), length, ...hidden, frame, Buffer.from([0xff, 0xd9])];
  return new Uint8Array(Buffer.concat(parts));
}

/** The progressive JPEG with its last scan repeated; it has ten. */
function withScans(more: number): Uint8Array {
  const file = Buffer.from(jpegs.progressive, 'base64');
  const [last, end] = [file.lastIndexOf('ffda', undefined, 'hex'), file.length - 2];
  const scans = new Array<Buffer>(more).fill(file.subarray(last, end));
  return new Uint8Array(Buffer.concat([file.subarray(0, end), ...scans, file.subarray(end)]));
}

function withSize(file: Uint8Array, width: number, height: number): Uint8Array {
  const changed = Buffer.from(file);
  changed.writeUInt32BE(width, 16);
  changed.writeUInt32BE(height, 20);
  return new Uint8Array(changed);
}

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ MAX_PIXELS: '100000', TELEMETRY_FLUSH_SECONDS: '0', ROUTE_REFRESH_SECONDS: '0' });
  await pop.release(colourModel('colour', '1'));
  await pop.release(
    colourModel('few', '1', colourPipeline(), {
      limits: [{ name: 'pixels', shape: [8, null, null, null], elements: 8 * 192 }],
    }),
  );
  const { schema, image } = colourPipeline();
  const after = { step: 'pool', output: 'scores', how: 'none', normalise: true } as const;
  await pop.release(
    colourModel('vector', '1', {
      schema,
      image,
      task: 'image-feature-extraction',
      after: { ...after, dimensions: [2] },
    }),
  );
  await pop.release(adder('adder', '1', 1));
});
afterAll(() => pop.stop());

async function ask(body: string | Uint8Array | object, headers: Record<string, string> = {}, to = path) {
  const answer = await pop.send('POST', to, body, headers);
  return { status: answer.status, headers: answer.headers, json: answer.json<unknown>() };
}

describe('a picture', () => {
  test.each([
    ['PNG', teal, 'image/png'],
    ['PNG under a wrong name', teal, 'image/jpeg'],
  ])('%s, raw', async (_, bytes, type) => {
    const { status, headers, json } = await ask(bytes, { 'content-type': type });
    expect([status, json]).toEqual([200, greenFirst]);
    expect([headers.get('popserve-version'), headers.get('content-type')]).toEqual(['1', 'application/json']);
  });

  test('JPEG, raw', async () => {
    const { status, json } = await ask(jpeg, { 'content-type': 'image/jpeg' });
    expect(status).toBe(200);
    expect(json).toMatchObject([{ label: 'red' }, { label: 'green' }, { label: 'blue' }]);
  });

  test('in a form', async () => {
    const form = new FormData();
    form.append('file', new Blob([teal]), 'a.png');
    form.append('parameters', '{"top_k": 1}');
    const request = new Request('http://pop', { method: 'POST', body: form });
    const type = request.headers.get('content-type') ?? '';
    const one = await ask(new Uint8Array(await request.arrayBuffer()), { 'content-type': type });
    expect([one.status, one.json]).toEqual([200, greenFirst.slice(0, 1)]);
  });

  test('several in a form, a batch', async () => {
    const form = new FormData();
    for (const bytes of [teal, red]) form.append('file', new Blob([bytes]));
    const request = new Request('http://pop', { method: 'POST', body: form });
    const type = request.headers.get('content-type') ?? '';
    const { status, json } = await ask(new Uint8Array(await request.arrayBuffer()), { 'content-type': type });
    expect([status, json]).toMatchObject([
      200,
      [
        [{ label: 'green' }, {}, {}],
        [{ label: 'red', score: 1 }, {}, {}],
      ],
    ]);
  });

  test('as base64, alone, in a list, and as a canvas writes it', async () => {
    expect((await ask({ inputs: base64(teal), parameters: { top_k: 1 } })).json).toEqual(greenFirst.slice(0, 1));
    expect((await ask({ inputs: [base64(teal)] })).json).toEqual([greenFirst]);
    expect((await ask({ inputs: `data:image/png;base64,${base64(teal)}` })).json).toEqual(greenFirst);
  });

  test('tensors stay possible beside it', async () => {
    const inputs = [{ name: 'pixels', datatype: 'FP32', shape: [1, 3, 8, 8], data: new Array(192).fill(0.5) }];
    const { status, json } = await ask({ inputs });
    expect([status, json]).toMatchObject([200, { outputs: [{ name: 'scores', data: [0.5, 0.5, 0.5] }] }]);
  });
});

describe('what is wrong is named by its step', () => {
  const png16grey = new Uint8Array(png(1, 1, () => [7], 16));
  const large = new Uint8Array(png(400, 300, () => [1]));
  test.each([
    [
      'no picture',
      new TextEncoder().encode('GIF89a..'),
      400,
      'decode: expected a JPEG, a PNG or a WebP, got bytes that start with 47 49 46',
    ],
    ['nothing', new Uint8Array(), 400, 'decode: expected a JPEG, a PNG or a WebP, got no bytes'],
    ['a PNG cut off', teal.subarray(0, -20), 400, 'decode: the PNG ends after'],
    ['a JPEG cut off', jpeg.subarray(0, -20), 400, `decode: the JPEG ends after ${jpeg.length - 20} bytes`],
    ['grey of 16 bits', png16grey, 415, 'decode: a PNG in grey of 16 bits is not read'],
    ['a JPEG with a marker that hides another frame', hidingFrame(0x01), 400, 'decode: the JPEG has the marker ff 01'],
    ['the same by a restart marker', hidingFrame(0xd0), 400, 'decode: the JPEG has the marker ff d0'],
    ['the same by a stuffed byte', hidingFrame(0x00), 400, 'decode: the JPEG has the marker ff 00'],
    ['a JPEG of many scans', withScans(100), 415, 'decode: the JPEG has 110 scans, the limit is 100'],
    ['a PNG of one endless line', withSize(teal, 65_536, 1), 413, 'a side may have 65535'],
    ['too many pixels', large, 413, 'decode: the picture has 400x300 = 120000 pixels, the limit is 100000'],
  ])('%s', async (_, bytes, status, message) => {
    const answer = await ask(bytes, { 'content-type': 'image/png' });
    expect([answer.status, answer.json]).toEqual([status, { error: expect.stringContaining(message) }]);
    expect((await ask(teal, { 'content-type': 'image/png' })).status).toBe(200);
  });

  test('the place in a batch', async () => {
    const { status, json } = await ask({ inputs: [base64(teal), base64(teal.subarray(0, 50))] });
    expect([status, json]).toEqual([
      400,
      { error: expect.stringContaining('inputs[1]: decode: the PNG ends after 50 bytes') },
    ]);
  });

  test('a parameter', async () => {
    const { status, json } = await ask({ inputs: base64(teal), parameters: { topk: 1 } });
    expect([status, json]).toEqual([400, { error: expect.stringContaining('topk') }]);
  });

  test('a version without a pipeline', async () => {
    const { status, json } = await ask(teal, { 'content-type': 'image/png' }, '/v2/models/adder/infer');
    expect([status, json]).toEqual([
      415,
      { error: expect.stringContaining('adder 1 was published without a pipeline') },
    ]);
  });
});

test('the pixels of a batch count together', async () => {
  const half = base64(new Uint8Array(png(300, 200, () => [1])));
  expect((await ask({ inputs: [half] })).status).toBe(200);
  const { status, json } = await ask({ inputs: [half, half] });
  expect([status, json]).toEqual([
    413,
    { error: expect.stringContaining('the 2 pictures have 120000 pixels together, the limit is 100000') },
  ]);
});

test('more pictures than the version takes are refused before one is decoded', async () => {
  const { status, json } = await ask({ inputs: new Array(9).fill(base64(teal)) }, {}, '/v2/models/few/infer');
  expect([status, json]).toEqual([413, { error: expect.stringContaining("input 'pixels'") }]);
});

test('memory is given back', async () => {
  await ask(teal, { 'content-type': 'image/png' });
  const stats = (await pop.send('GET', '/v2/models/stats')).json<{ popserve_memory: Record<string, number> }>();
  expect([stats.popserve_memory.bodies, stats.popserve_memory.decoded]).toEqual([0, 0]);
});

describe('a vector', () => {
  const to = '/v2/models/vector/infer';

  test('of a picture has the length 1', async () => {
    const { status, json } = await ask(teal, { 'content-type': 'image/png' }, to);
    expect([status, json]).toEqual([
      200,
      [0, expect.closeTo(2 / Math.sqrt(5), 6), expect.closeTo(1 / Math.sqrt(5), 6)],
    ]);
  });

  test('is as long as its caller asks, and not normalised on request', async () => {
    const asked = { inputs: [base64(teal)], parameters: { dimensions: 2 }, normalize: false };
    const { json } = await ask(asked, {}, to);
    expect(json).toEqual([[0, expect.closeTo(0.4, 6)]]);
    const { status, json: refused } = await ask({ inputs: base64(teal), dimensions: 3 }, {}, to);
    expect([status, refused]).toEqual([400, { error: 'dimensions: expected 2, got 3' }]);
  });

  test('has no use for what a classification takes', async () => {
    const { status, json } = await ask({ inputs: base64(teal), parameters: { top_k: 1 } }, {}, to);
    expect([status, json]).toEqual([
      400,
      { error: "parameters: 'top_k' means nothing to image-feature-extraction, expected normalize or dimensions" },
    ]);
  });
});

test('a shadow run sees the same picture', async () => {
  await pop.release(colourModel('twice', '1'));
  await pop.release(colourModel('twice', '2'), false);
  const epoch = await pop.route('twice', { action: 'shadow', version: '2', percent: 100 });
  await eventually(async () => {
    const headers = { 'content-type': 'image/png', 'popserve-min-epoch': String(epoch) };
    expect((await ask(teal, headers, '/v2/models/twice/infer')).json).toEqual(greenFirst);
    const { pairs } = (await pop.operate('GET', '/registry/models/twice/shadow')).json<{ pairs: ShadowReport[] }>();
    expect(pairs[0]).toMatchObject({ candidate: '2', maxDifference: 0, disagreements: 0, errors: 0 });
    expect(pairs[0]?.compared).toBeGreaterThan(0);
  });
});
