// Shadows of versions that take pictures, through the real Worker: the candidate prepares what was sent by its own pipeline, and is
// compared by what callers see.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ShadowReport } from '../../../registry/api/shadow.ts';
import type { BoxesStep } from '../../../registry/pipeline/boxes.ts';
import { eventually } from '../../harness/eventually.ts';
import { boxModel, boxPipeline } from '../../harness/pictures/box-model.ts';
import { colourModel, colourPipeline } from '../../harness/pictures/colour-model.ts';
import { png } from '../../harness/pictures/encoders.ts';
import { TestPop } from '../../harness/pop.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ TELEMETRY_FLUSH_SECONDS: '0', ROUTE_REFRESH_SECONDS: '0' });
});
afterAll(() => pop.stop());

const teal = new Uint8Array(png(20, 10, () => [0, 102, 51]));

async function ask(name: string, epoch: number, body: object | Uint8Array = teal, type = 'image/png'): Promise<number> {
  const headers = { 'content-type': type, 'popserve-min-epoch': String(epoch) };
  return (await pop.send('POST', `/v2/models/${name}/infer`, body, headers)).status;
}

/** Lets the version run along until its numbers are there. */
async function shadowed(
  name: string,
  version: string,
  body?: object | Uint8Array,
  type?: string,
): Promise<ShadowReport> {
  const epoch = await pop.route(name, { action: 'shadow', version, percent: 100 });
  let report: ShadowReport | undefined;
  await eventually(async () => {
    expect(await ask(name, epoch, body, type)).toBe(200);
    const answer = await pop.operate('GET', `/registry/models/${name}/shadow`);
    report = answer.json<{ pairs: ShadowReport[] }>().pairs.find(({ candidate }) => candidate === version);
    expect(report?.requests).toBeGreaterThanOrEqual(3);
  });
  return report as ShadowReport;
}

/** Channels the other way round: other tensors of the same picture. */
function swapped(labels: string[]) {
  const { image, after, ...others } = colourPipeline();
  const steps = image.steps.map((step) => (step.step === 'colour' ? { ...step, to: 'bgr' as const } : step));
  return { ...others, image: { ...image, steps }, after: { ...after, labels } };
}

test('labels are compared, not tensors', async () => {
  await pop.release(colourModel('colours', '1'));
  await pop.release(colourModel('colours', '2', swapped(['blue', 'green', 'red'])), false);
  await pop.release(colourModel('colours', '3', swapped(['green', 'blue', 'red'])), false);
  expect(await shadowed('colours', '2')).toMatchObject({
    ...{ disagreements: 0, errors: 0, skipped: 0 },
    meanDifference: 0,
  });
  const other = await shadowed('colours', '3');
  expect(other).toMatchObject({ errors: 0, disagreementShare: 1 });
  expect(other.maxDifference).toBeCloseTo(0.2, 6);
});

test('base64 in JSON is prepared anew as well, with the parameters of the request', async () => {
  await pop.release(colourModel('texts', '1'));
  await pop.release(colourModel('texts', '2', swapped(['blue', 'green', 'red'])), false);
  const body = { inputs: [Buffer.from(teal).toString('base64')], parameters: { top_k: 1 } };
  expect(await shadowed('texts', '2', body, 'application/json')).toMatchObject({
    disagreements: 0,
    errors: 0,
    meanDifference: 0,
  });
});

/** A cat in the middle of an input of this size, letterboxed; moved by shares of the input. */
function finder(version: string, [height, width]: readonly [number, number], moved = 0, score = 0.9) {
  const values = [width / 2 + moved * width, height / 2, width / 4, height / 4, score];
  const step: BoxesStep = {
    ...{ step: 'boxes', labels: ['cat'], threshold: 0.5, iou: 0.5, most: 10 },
    decode: { form: 'yolo', output: 'output0', objectness: false, candidates: 'rows' },
  };
  const resize = { step: 'resize', fit: 'letterbox', height, width, filter: 'bilinear', value: 114 } as const;
  const outputs = [{ name: 'output0', shape: [1, 5] as const, values }];
  return boxModel('finder', version, { outputs, size: [height, width] }, boxPipeline(step, resize));
}

test('boxes are matched by their place in the picture, whatever the inputs of the two', async () => {
  await pop.release(finder('1', [48, 96]));
  await pop.release(finder('2', [96, 192], 0, 0.8), false);
  await pop.release(finder('3', [48, 96], 0.2), false);
  const same = await shadowed('finder', '2');
  expect(same).toMatchObject({ disagreements: 0, errors: 0, skipped: 0 });
  expect(same.meanDifference).toBeCloseTo(0.1, 6);
  expect(await shadowed('finder', '3')).toMatchObject({ disagreementShare: 1, errors: 0, meanDifference: null });
});

test('tensors of versions that differ in them are left out', async () => {
  const pixels = { name: 'images', datatype: 'FP32', shape: [1, 3, 48, 96], data: new Array(3 * 48 * 96).fill(0) };
  await pop.release(finder('4', [96, 192]), false);
  const report = await shadowed('finder', '4', { inputs: [pixels] }, 'application/json');
  expect(report).toMatchObject({ compared: 0, errors: 0, skipped: report.requests });
});

test('a version of another task cannot run along', async () => {
  const classifier = colourModel('finder', '5');
  await pop.release(classifier, false);
  await expect(pop.route('finder', { action: 'shadow', version: '5', percent: 100 })).rejects.toThrow(
    /object-detection/,
  );
});

test('memory is given back', async () => {
  await eventually(async () => {
    const stats = (await pop.send('GET', '/v2/models/stats')).json<{ popserve_memory: Record<string, number> }>();
    const { shadows, decoded, bodies } = stats.popserve_memory;
    expect([shadows, decoded, bodies]).toEqual([0, 0, 0]);
  });
});
