// Pictures in real Chromium, on a page of another origin than the PoP's: all that a browser draws, how much of it travels, that answers
// agree with those of the whole picture and with a run in the page, and a form without any script.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { servePage } from '../../../examples/browser/serve.mjs';
import { buildClient } from '../../../scripts/build/client.ts';
import { chromiumPath, launchChromium } from '../../../scripts/checks/console/chromium.ts';
import { model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { colourModel, colourPipeline } from '../../harness/pictures/colour-model.ts';
import { png } from '../../harness/pictures/encoders.ts';
import { jpegs } from '../../harness/pictures/jpegs.ts';
import { spotModel } from '../../harness/pictures/spot-model.ts';
import { TestPop } from '../../harness/pop.ts';
import { publication } from '../../harness/small-models.ts';
import { Weather } from '../weather.ts';

const kinds = [
  ...['Blob', 'File', 'Uint8Array', 'ImageBitmap', 'ImageData', 'OffscreenCanvas', 'HTMLCanvasElement'],
  ...['HTMLImageElement', 'HTMLVideoElement', 'VideoFrame'],
];

interface Labels {
  label: string;
  score: number;
}

/** Mean of each channel in each tile of 28 x 28 pixels, of the 224 x 224 that are usual: each its own label. */
function tilesModel(name: string) {
  const float32 = 1;
  const labels = Array.from({ length: 192 }, (_, tile) => `tile ${tile}`);
  const built = model({
    ...{ name, opsets: { '': 17 }, inputs: [tensorValue('pixels', float32, ['batch', 3, 224, 224])] },
    outputs: [tensorValue('scores', float32, ['batch', 192])],
    nodes: [
      node('AveragePool', ['pixels'], ['means'], { kernel_shape: { ints: [28, 28] }, strides: { ints: [28, 28] } }),
      node('Flatten', ['means'], ['scores']),
    ],
  });
  const signature = {
    inputs: [{ name: 'pixels', datatype: 'FP32' as const, shape: [-1, 3, 224, 224] }],
    outputs: [{ name: 'scores', datatype: 'FP32' as const, shape: [-1, 192] }],
  };
  const { image, after } = colourPipeline();
  const steps = image.steps.flatMap((step): typeof image.steps =>
    step.step === 'resize'
      ? [
          { step: 'resize', fit: 'shortest', size: 256, filter: 'bilinear' },
          { step: 'crop', height: 224, width: 224, margin: 'floor' },
        ]
      : [step],
  );
  const pipeline = { ...colourPipeline(), image: { ...image, steps }, after: { ...after, labels, topK: 192 } };
  return publication(name, '1', built, signature, { pipeline });
}

describe.skipIf(chromiumPath === null)('in Chromium (skipped where there is none)', () => {
  let pop: TestPop;
  let weather: Weather;
  let site: Awaited<ReturnType<typeof servePage>>;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    await buildClient({ declarations: false });
    site = await servePage(0);
    pop = await TestPop.start({ CORS_ORIGINS: new URL(site.url).origin });
    await pop.release(colourModel('colour', '1'));
    await pop.release(spotModel('spots', '1'));
    await pop.release(tilesModel('tiles'));
    weather = await Weather.over(pop.pop.url);
    browser = await launchChromium(chromiumPath ?? '');
    page = await browser.newPage();
    await page.goto(`${site.url}pictures?pop=${weather.url}&model=colour`);
    await page.locator('#ready', { hasText: 'ready with version 1' }).waitFor();
    const content = await readFile(join(import.meta.dirname, 'pictures-in-page.js'), 'utf8');
    await page.addScriptTag({ type: 'module', content });
    await page.waitForFunction('globalThis.detectIn');
  });
  afterEach(() => weather.clear());
  afterAll(async () => {
    await browser?.close();
    await Promise.allSettled([site?.stop(), weather?.stop(), pop?.stop()]);
  });

  const inPage = <T>(name: string, ...args: unknown[]) =>
    page.evaluate<T>(`${name}(${[weather.url, ...args].map((value) => JSON.stringify(value)).join()})`);
  /** Bodies that reached the PoP. */
  const sent = () =>
    weather.arrived
      .filter(({ call }) => call.startsWith('POST') && call.endsWith('/infer'))
      .map(({ headers }) => ({ type: headers['content-type'], bytes: Number(headers['content-length']) }));
  const spot = (width: number, height: number) => ({
    ...{ label: 'spot', score: expect.closeTo(0.65, 0) },
    box: {
      xmin: expect.closeTo((width * 7) / 8, 3),
      ymin: 0,
      xmax: expect.closeTo(width, 3),
      ymax: expect.closeTo(height / 8, 3),
    },
  });

  test.each(kinds)('%s: boxes are in pixels of what was given, at the PoP and in the page', async (kind) => {
    for (const [width, height] of [
      [1600, 1200],
      [640, 480],
    ] as const) {
      const [atPop, here] = [
        await inPage('detectIn', kind, width, height),
        await inPage('detectIn', kind, width, height, { at: 'local' }),
      ];
      expect(atPop).toEqual({ ranAt: 'pop', objects: [spot(width, height)] });
      expect(here).toEqual({ ranAt: 'local', objects: [spot(width, height)] });
    }
  });

  /** The largest difference between the scores of labels. */
  const apart = (left: readonly Labels[], right: readonly Labels[]) => {
    const scores = new Map(right.map(({ label, score }) => [label, score]));
    return Math.max(...left.map(({ label, score }) => Math.abs(score - (scores.get(label) ?? Number.NaN))));
  };

  test('a large photo travels in 10 to 50 KB, and is judged as the whole is', async () => {
    const seen = await inPage<Record<'asItIs' | 'shrunk' | 'here', Labels[]> & { bytes: number }>(
      ...(['compareShrunk', 'tiles', 2300, 1700] as const),
    );
    const [whole, shrunk] = sent();
    expect(whole).toEqual({ type: 'image/jpeg', bytes: seen.bytes });
    expect(shrunk?.bytes).toBeGreaterThan(10_000);
    expect(shrunk?.bytes).toBeLessThan(50_000);
    expect(apart(seen.shrunk, seen.asItIs)).toBeLessThan(0.005);
    expect(apart(seen.here, seen.shrunk)).toBeLessThan(0.005);
  });

  test.each([1, 3, 6, 8])(
    'a photo whose camera was held as EXIF says, %i, is turned before it travels',
    async (orientation) => {
      const found = [
        await inPage('detectTurned', orientation),
        await inPage('detectTurned', orientation, { at: 'local' }),
      ];
      const asItIs = await inPage<{ box: object }>('detectTurned', orientation, { shrink: false });
      expect(sent().map(({ bytes }) => bytes < 50_000)).toEqual([true, false]);
      for (const object of found) expect(object).toMatchObject({ box: asItIs.box });
    },
  );

  test('what is transparent travels as it is, and what is opaque as a JPEG', async () => {
    interface Noise {
      bytes: number;
      labels: Labels[];
    }
    const clear = await inPage<Noise>('classifyNoise', 3);
    const opaque = await inPage<Noise>('classifyNoise', 255);
    expect(sent()).toEqual([
      { type: 'image/png', bytes: clear.bytes },
      { type: 'image/jpeg', bytes: expect.any(Number) },
    ]);
    expect(sent()[1]?.bytes).toBeLessThan(opaque.bytes);
    const here = await inPage<Noise>('classifyNoise', 3, { at: 'local' });
    expect(apart(here.labels, clear.labels)).toBeLessThan(1e-6);
  });

  test.each([
    ['a small JPEG', Buffer.from(jpegs.baseline, 'base64'), 'image/jpeg'],
    ['a small PNG', png(20, 10, () => [0, 102, 51]), 'image/png'],
  ])('%s travels as it is, and the page says the same', async (_, file, type) => {
    const ask = (options = {}) =>
      inPage<{ labels: Labels[] }>('askAboutFile', 'classify', 'colour', file.toString('base64'), options);
    const [atPop, here] = [await ask(), await ask({ at: 'local' })];
    expect(sent()).toEqual([{ type, bytes: file.length }]);
    // The browser's decoder and the PoP's may be 2 of 255 apart.
    expect(apart(here.labels, atPop.labels)).toBeLessThan(2 / 255);
  });

  test('a picture is sent once more to a new version whose steps need more of it', async () => {
    const { image } = colourPipeline();
    const nearest = image.steps.map((step) =>
      step.step === 'resize' ? { ...step, filter: 'nearest' as const } : step,
    );
    await pop.release(colourModel('growing', '1', colourPipeline({ image: { ...image, steps: nearest } })));
    await pop.release(colourModel('growing', '2'), false);
    await inPage('rememberClient');
    expect(await inPage('askAgain', 'growing')).toBe('1');
    await pop.takeOver('growing', { action: 'activate', version: '2' });
    expect(await inPage('askAgain', 'growing')).toBe('2');
    expect(await inPage('askAgain', 'growing')).toBe('2');
    const [first, second, again, third] = sent().map(({ bytes }) => bytes);
    expect(second).toBe(first);
    expect(again).toBeGreaterThan(first ?? 0);
    expect(third).toBe(again);
    expect(sent()).toHaveLength(4);
  });

  test('what is no picture is refused in the page', async () => {
    const text = Buffer.from('no picture').toString('base64');
    const error = await inPage('askAboutFile', 'classify', 'colour', text);
    expect(error).toEqual({
      ...{ name: 'PopserveError', code: 'INVALID_ARGUMENT' },
      message: expect.stringContaining(
        'decode: expected a JPEG, a PNG, a WebP or another picture that this browser reads',
      ),
    });
    expect(sent()).toEqual([]);
  });

  test('a key in the request needs no more than the preflight allows', async () => {
    expect(await inPage('askWithKey')).toBe('1');
    const preflight = weather.arrived.find(({ call }) => call.startsWith('OPTIONS') && call.endsWith('/infer'));
    expect(preflight?.headers['access-control-request-headers']).toContain('content-type');
  });

  test('a form without a script sends a picture, and the browser shows the answer', async () => {
    const form = await browser.newPage();
    await form.setContent(`
      <form action="${pop.pop.url.origin}/v2/models/colour/infer" method="post" enctype="multipart/form-data">
        <input type="file" name="file"><textarea name="parameters">{"top_k": 1}</textarea><button>Send</button>
      </form>`);
    await form
      .locator('input')
      .setInputFiles({ name: 'teal.png', mimeType: 'image/png', buffer: png(20, 10, () => [0, 102, 51]) });
    await Promise.all([form.waitForNavigation(), form.getByRole('button', { name: 'Send' }).click()]);
    const shown = await form.evaluate<string>('document.body.innerText');
    expect(JSON.parse(shown)).toEqual([{ label: 'green', score: expect.closeTo(0.4, 6) }]);
    await form.close();
  });
});
