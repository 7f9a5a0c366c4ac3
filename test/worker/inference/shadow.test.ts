// The shadow through the real Worker: runs behind answers, never changes them, and its numbers are those of the two models.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ShadowReport } from '../../../registry/api/shadow.ts';
import { floats, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { eventually } from '../../harness/eventually.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder, publication, type SmallPublication } from '../../harness/small-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ TELEMETRY_FLUSH_SECONDS: '0', ROUTE_REFRESH_SECONDS: '0' });
});
afterAll(() => pop.stop());

const request = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };

/** y = -x: another top-1 than adder's. */
function negator(name: string, version: string): SmallPublication {
  const built = model({
    ...{ name: 'negator', opsets: { '': 17 } },
    inputs: [tensorValue('x', 1, ['batch', 2])],
    outputs: [tensorValue('y', 1, ['batch', 2])],
    nodes: [node('Neg', ['x'], ['y'])],
  });
  return publication(name, version, built, adder(name, version, 0).manifest.signature);
}

async function ask(name: string, epoch: number): Promise<void> {
  const answer = await pop.send('POST', `/v2/models/${name}/infer`, request, { 'popserve-min-epoch': String(epoch) });
  expect(answer.json()).toMatchObject({ model_version: '1', outputs: [{ data: [11, 12] }] });
}

async function numbersOf(name: string): Promise<ShadowReport[]> {
  return (await pop.operate('GET', `/registry/models/${name}/shadow`)).json<{ pairs: ShadowReport[] }>().pairs;
}

/** Asks until the numbers of a pair that `look` expects have arrived. */
async function untilReported(name: string, epoch: number, look: (pairs: ShadowReport[]) => void): Promise<void> {
  await eventually(async () => {
    await ask(name, epoch);
    look(await numbersOf(name));
  });
}

test('differences and another top-1 are summed up per pair of versions; answers are stable alone', async () => {
  await pop.release(adder('pump', '1', 10));
  await pop.release(adder('pump', '2', 10.5), false);
  await pop.release(negator('pump', '3'), false);
  let epoch = await pop.route('pump', { action: 'shadow', version: '2', percent: 100 });
  await untilReported('pump', epoch, (pairs) => expect(pairs[0]?.compared).toBeGreaterThanOrEqual(3));
  epoch = await pop.route('pump', { action: 'shadow', version: '3', percent: 100 });
  await untilReported('pump', epoch, (pairs) => expect(pairs[0]).toMatchObject({ candidate: '3' }));
  const pairs = await numbersOf('pump');
  expect(pairs.find(({ candidate }) => candidate === '2')).toMatchObject({
    ...{ stable: '1', meanDifference: 0.5, maxDifference: 0.5, disagreements: 0, disagreementShare: 0, errors: 0 },
  });
  expect(pairs.find(({ candidate }) => candidate === '3')).toMatchObject({
    ...{ stable: '1', meanDifference: 13, maxDifference: 14, disagreementShare: 1, errors: 0 },
  });
});

test('a candidate that cannot run is counted, and costs nothing', async () => {
  await pop.release(adder('valve', '1', 10));
  const { signature } = adder('valve', '2', 0).manifest;
  await pop.release(publication('valve', '2', new TextEncoder().encode('not a model'), signature), false);
  const epoch = await pop.route('valve', { action: 'shadow', version: '2', percent: 100 });
  await untilReported('valve', epoch, ([pair]) => expect(pair?.errors).toBeGreaterThanOrEqual(2));
  const [pair] = await numbersOf('valve');
  expect(pair).toMatchObject({ compared: 0, disagreementShare: null, meanDifference: null, maxDifference: null });
});

test('a share of next to nothing runs nothing, and neither does an answer that was asked for by its version', async () => {
  await pop.release(adder('quiet', '1', 10));
  for (const version of ['2', '3', '4']) await pop.release(adder('quiet', version, 20), false);
  let epoch = await pop.route('quiet', { action: 'shadow', version: '2', percent: 0.000_001 });
  for (let count = 0; count < 5; count++) await ask('quiet', epoch);
  epoch = await pop.route('quiet', { action: 'shadow', version: '3', percent: 100 });
  const minEpoch = { 'popserve-min-epoch': String(epoch) };
  for (let count = 0; count < 5; count++) {
    expect((await pop.send('POST', '/v2/models/quiet/versions/1/infer', request, minEpoch)).status).toBe(200);
  }
  // Shadows are reported in the order in which they ran: one of those above would be there no later than this one.
  epoch = await pop.route('quiet', { action: 'shadow', version: '4', percent: 100 });
  await untilReported('quiet', epoch, (pairs) => expect(pairs.map(({ candidate }) => candidate)).toContain('4'));
  expect((await numbersOf('quiet')).map(({ candidate }) => candidate)).toEqual(['4']);
});

test('a canary whose shadow answers differ is ended by itself', async () => {
  await pop.release(adder('fan', '1', 10));
  await pop.release(negator('fan', '2'), false);
  await pop.route('fan', { action: 'shadow', version: '2', percent: 100 });
  const limits = { disagreementShare: 0.1, minRequests: 5 };
  const epoch = await pop.route('fan', { action: 'canary', version: '2', percent: 0, limits });
  await eventually(async () => {
    await ask('fan', epoch);
    const { route } = (await pop.operate('GET', '/registry/models/fan')).json<{ route: object }>();
    expect(route).toMatchObject({
      ...{ rollout: null, shadow: { version: '2' } },
      audit: {
        actor: 'guard',
        reason: expect.stringMatching(
          /^\d+ of \d+ shadow answers of 2 failed or decide otherwise than 1's, limit 0.1$/,
        ),
      },
    });
  });
});

test('a canary whose only number differs by more than a tenth is ended by itself', async () => {
  const regression = (version: string, constant: number) => {
    const built = model({
      ...{ name: 'regression', opsets: { '': 17 } },
      inputs: [tensorValue('x', 1, ['batch', 2])],
      outputs: [tensorValue('y', 1, ['batch', 1])],
      nodes: [
        node('ReduceMax', ['x'], ['largest'], { axes: { ints: [1] } }),
        node('Add', ['largest', 'constant'], ['y']),
      ],
      initializers: [floats('constant', [], [constant])],
    });
    const { inputs } = adder('gauge', version, 0).manifest.signature;
    const outputs = [{ name: 'y', datatype: 'FP32' as const, shape: [-1, 1] }];
    return publication('gauge', version, built, { inputs, outputs });
  };
  await pop.release(regression('1', 1));
  await pop.release(regression('2', 1000), false);
  await pop.route('gauge', { action: 'shadow', version: '2', percent: 100 });
  const limits = { disagreementShare: 0.01, minRequests: 5 };
  const epoch = await pop.route('gauge', { action: 'canary', version: '2', percent: 0, limits });
  await eventually(async () => {
    const minEpoch = { 'popserve-min-epoch': String(epoch) };
    const answer = await pop.send('POST', '/v2/models/gauge/infer', request, minEpoch);
    expect(answer.json()).toMatchObject({ model_version: '1', outputs: [{ data: [3] }] });
    const { route } = (await pop.operate('GET', '/registry/models/gauge')).json<{ route: object }>();
    expect(route).toMatchObject({ rollout: null, audit: { actor: 'guard' } });
  });
});
