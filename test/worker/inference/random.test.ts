// A model that draws random numbers, through the real Worker: each question is answered anew, and nothing compares the answers.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ModelMetadata } from '../../../registry/api/metadata.ts';
import type { ShadowReport } from '../../../registry/api/shadow.ts';
import { model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { eventually } from '../../harness/eventually.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder, publication, type SmallPublication } from '../../harness/small-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ TELEMETRY_FLUSH_SECONDS: '0', ROUTE_REFRESH_SECONDS: '0' });
});
afterAll(() => pop.stop());

/** y = x + noise */
function noisy(name: string, version: string): SmallPublication {
  const built = model({
    ...{ name: 'noisy', opsets: { '': 17 } },
    inputs: [tensorValue('x', 1, ['batch', 2])],
    outputs: [tensorValue('y', 1, ['batch', 2])],
    nodes: [node('RandomNormalLike', ['x'], ['noise']), node('Add', ['x', 'noise'], ['y'])],
  });
  const random = { operators: ['RandomNormalLike'] };
  return publication(name, version, built, adder(name, version, 0).manifest.signature, { random });
}

test('a question in a URL is answered anew each time, and kept by nobody', async () => {
  await pop.release(noisy('voice', '1'));
  const answers = [];
  for (const known of [undefined, '*']) {
    const headers = known === undefined ? {} : { 'if-none-match': known };
    const answer = await pop.send('GET', '/v2/models/voice/infer?x=1,2', undefined, headers);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('etag')).toBeNull();
    answers.push(answer.json());
  }
  expect(answers[1]).not.toEqual(answers[0]);
});

test('the metadata say so to callers', async () => {
  await pop.release(noisy('told', '1'));
  expect((await pop.send('GET', '/v2/models/told')).json<ModelMetadata>().properties.random).toBe('RandomNormalLike');
  await pop.release(adder('sure', '1', 1));
  expect((await pop.send('GET', '/v2/models/sure')).json<ModelMetadata>().properties).not.toHaveProperty('random');
});

test('a shadow that stands while such a version becomes stable compares nothing until another one does', async () => {
  await pop.release(adder('turned', '1', 1));
  await pop.release(adder('turned', '2', 1), false);
  await pop.route('turned', { action: 'shadow', version: '2', percent: 100 });
  await pop.release(noisy('turned', '3'), false);
  const asked = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };
  const ask = async (epoch: number) => {
    const headers = { 'popserve-min-epoch': String(epoch) };
    expect((await pop.send('POST', '/v2/models/turned/infer', asked, headers)).status).toBe(200);
  };
  const drawing = await pop.route('turned', { action: 'activate', version: '3' });
  for (let time = 0; time < 3; time++) await ask(drawing);
  const sure = await pop.route('turned', { action: 'activate', version: '1' });
  await eventually(async () => {
    await ask(sure);
    const report = await pop.operate('GET', '/registry/models/turned/shadow');
    expect(report.json<{ pairs: ShadowReport[] }>().pairs.map(({ stable }) => stable)).toEqual(['1']);
  });
});

test('a shadow of it, or beside it, is refused, since it would compare nothing', async () => {
  for (const [name, first, second] of [
    ['drawn', adder('drawn', '1', 1), noisy('drawn', '2')],
    ['drawing', noisy('drawing', '1'), adder('drawing', '2', 1)],
  ] as const) {
    await pop.release(first);
    await pop.release(second, false);
    const route = { action: 'shadow', version: '2', percent: 100 } as const;
    const refused = await pop.send('POST', `/registry/models/${name}/routes`, route, {
      authorization: `Bearer ${pop.pop.token}`,
    });
    expect(refused.status).toBe(409);
    expect(refused.json<{ error: string }>().error).toMatch(
      /version '[12]' draws random numbers, so a shadow would compare nothing/,
    );
  }
});
