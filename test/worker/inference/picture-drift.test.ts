// Drift of pictures, from the test pictures of a release to live ones: what is counted, judged and sampled is what was sent and answered.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { DriftStatus } from '../../../registry/api/drift.ts';
import { pngFile } from '../../../scripts/checks/fuzz-pictures/png-file.ts';
import { Random } from '../../../scripts/random.ts';
import { preparePublication } from '../../../scripts/validation/prepare-publication.ts';
import { colourModel } from '../../harness/pictures/colour-model.ts';
import { TestPop } from '../../harness/pop.ts';
import { runCommand } from '../../scripts/cli/captured-host.ts';

const random = new Random(19);
const folder = mkdtempSync(join(tmpdir(), 'popserve-drift-'));
const patient = { timeout: 30_000, interval: 20 };

/** A picture of one colour with some noise. @param dimmed what its brightness is multiplied by */
function picture(dimmed = 1): { file: Uint8Array; colour: number } {
  const colour = Math.floor(random.uniform() * 3);
  const level = random.normal(140, 25) * dimmed;
  const noise = random.uniform() * 20;
  const sample = (x: number, y: number, channel: number) => {
    const value = (channel === colour ? level : level / 2) + (((x * 7 + y * 13) % 5) - 2) * noise * dimmed;
    return Math.max(0, Math.min(255, Math.round(value)));
  };
  const [width, height] = random.chance(0.7) ? [24, 16] : [16, 24];
  return { file: pngFile({ width, height, colour: 2, depth: 8, sample }), colour };
}

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({
    ...{ TELEMETRY_FLUSH_SECONDS: '0', ROUTE_REFRESH_SECONDS: '0', POP_NAME: 'HEL', POP_REGION: 'EU' },
    ...{ DRIFT_WINDOW_SECONDS: '0.2', INPUT_SAMPLE: 'colours=5' },
  });
  const [blob] = colourModel('colours', '1').blobs;
  writeFileSync(join(folder, 'model.onnx'), blob?.bytes ?? new Uint8Array());
  writeFileSync(join(folder, 'labels.txt'), 'red\ngreen\nblue\n');
  for (const name of ['red', 'green', 'blue']) mkdirSync(join(folder, 'pictures', name), { recursive: true });
  for (let index = 0; index < 600; index++) {
    const { file, colour } = picture();
    writeFileSync(join(folder, 'pictures', ['red', 'green', 'blue'][colour] ?? '', `${index}.png`), file);
  }
}, 60_000);
afterAll(async () => {
  await pop?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function send(dimmed: number): Promise<void> {
  const inputs = Array.from({ length: 100 }, () => Buffer.from(picture(dimmed).file).toString('base64'));
  const { status, bytes } = await pop.send('POST', '/v2/models/colours/infer', {
    inputs,
    parameters: { top_k: 1, threshold: 0.9 },
  });
  expect([status, new TextDecoder().decode(bytes).slice(0, 100)]).toEqual([200, expect.stringMatching(/^\[\[\]/)]);
}

async function worldwide() {
  const status = (await pop.operate('GET', '/registry/models/colours/drift')).json<DriftStatus>();
  return status.versions[0]?.places.find(({ place }) => place === 'global');
}

test('the baseline is of the pictures and the answers', { timeout: 60_000 }, async () => {
  const env = { POPSERVE_URL: pop.pop.url.href, POPSERVE_TOKEN: pop.pop.token, POPSERVE_ACTOR: 'somebody' };
  const { status, err } = await runCommand(
    [
      ...['publish', join(folder, 'model.onnx'), '--name', 'colours', '--version', '1', '--activate'],
      ...['--task', 'image-classification', '--scores', 'none', '--labels', join(folder, 'labels.txt')],
      ...['--image-resize', 'stretch', '--image-scale', '0-1', '--image-mean', '0', '--image-std', '1'],
      ...['--test-data', join(folder, 'pictures')],
    ],
    env.POPSERVE_URL,
    { env, prepare: preparePublication, wait: (ms) => delay(ms) },
  );
  expect([status, err]).toEqual([0, '']);
  const { baseline } = await pop.manifest('colours', '1');
  expect(baseline?.inputs.map(({ name }) => name)).toEqual(['brightness', 'contrast', 'sharpness', 'aspect']);
  expect(baseline?.outputs.map(({ name }) => name)).toEqual(['label', 'confidence']);
  const [label] = baseline?.outputs ?? [];
  expect(label).toMatchObject({ bins: { categories: ['blue', 'green', 'red'] }, counts: { missing: 0, outside: 0 } });
  expect(label?.counts.bins.reduce((sum, count) => sum + count, 0)).toBe(600);
});

test('pictures as before are no drift, whatever threshold callers ask for', { timeout: 60_000 }, async () => {
  await vi.waitFor(async () => {
    for (let batch = 0; batch < 5; batch++) await send(1);
    expect((await worldwide())?.windows.some(({ judged }) => judged)).toBe(true);
  }, patient);
  const place = await worldwide();
  expect(place?.drifting).toBe(false);
  expect(place?.window?.features.map(({ feature, kind, past }) => [feature, kind, past])).toEqual([
    ['brightness', 'input', []],
    ['contrast', 'input', []],
    ['sharpness', 'input', []],
    ['aspect', 'input', []],
    ['label', 'output', []],
    ['confidence', 'output', []],
  ]);
});

test('darker pictures are a drift of brightness, and the shapes are as before', { timeout: 60_000 }, async () => {
  await vi.waitFor(async () => {
    for (let batch = 0; batch < 5; batch++) await send(0.5);
    expect((await worldwide())?.drifting).toBe(true);
  }, patient);
  const features = (await worldwide())?.window?.features ?? [];
  const past = Object.fromEntries(features.map(({ feature, past }) => [feature, past.length > 0]));
  expect(past).toMatchObject({ brightness: true, aspect: false, label: false, confidence: true });
});

test('a sample keeps what is counted of a picture, and the whole answer', async () => {
  const lines = await vi.waitFor(async () => {
    const { bytes } = await pop.operate('GET', '/registry/models/colours/sample');
    const text = new TextDecoder().decode(bytes).trim();
    expect(text.split('\n')).toHaveLength(5);
    return text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  }, patient);
  for (const line of lines) {
    expect(line).toEqual({
      ...{ brightness: expect.any(Number), contrast: expect.any(Number), sharpness: expect.any(Number) },
      aspect: expect.toSatisfy((aspect) => aspect === 1.5 || aspect === 16 / 24),
      prediction: { answer: expect.toSatisfy((answer: unknown[]) => answer.length === 3) },
      ...{ at: expect.any(String), version: '1', pop: 'HEL', region: 'EU' },
    });
  }
});
