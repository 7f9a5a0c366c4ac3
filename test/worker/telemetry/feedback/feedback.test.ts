// Feedback through the real Worker: an answer's id carries what was answered, and the truth becomes accuracy or error.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FeedbackStatus } from '../../../../registry/api/feedback.ts';
import type { ModelStatus } from '../../../../registry/api/status.ts';
import type { Manifest } from '../../../../registry/manifest.ts';
import { model, node, tensorValue } from '../../../../scripts/onnx/build.ts';
import { TensorProto_DataType } from '../../../../scripts/onnx/onnx_pb.ts';
import { eventually } from '../../../harness/eventually.ts';
import { TestPop } from '../../../harness/pop.ts';
import { adder, publication } from '../../../harness/small-models.ts';

const secret = 'a secret of some length';
let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ TELEMETRY_FLUSH_SECONDS: '0', ROUTE_REFRESH_SECONDS: '0', FEEDBACK_SECRET: secret });
  await pop.release(chooser('1'));
  await pop.release(doubler());
});
afterAll(() => pop.stop());

const column = (name: string, width: number) => ({ name, datatype: 'FP32' as const, shape: [-1, width] });

/** The label is the place of the largest of two numbers: `no` or `yes`. */
function chooser(version: string) {
  const { FLOAT } = TensorProto_DataType;
  const built = model({
    ...{ name: 'chooser', opsets: { '': 17 } },
    inputs: [tensorValue('x', FLOAT, ['n', 2])],
    outputs: [tensorValue('probabilities', FLOAT, ['n', 2])],
    nodes: [node('Softmax', ['x'], ['probabilities'])],
  });
  const made = publication('chooser', version, built, {
    inputs: [column('x', 2)],
    outputs: [column('probabilities', 2)],
  });
  const manifest: Manifest = { ...made.manifest, labels: { probabilities: ['no', 'yes'] } };
  return { ...made, manifest };
}

/** Twice its input: a model that answers with a number. */
function doubler() {
  const { FLOAT } = TensorProto_DataType;
  const built = model({
    ...{ name: 'doubler', opsets: { '': 17 } },
    inputs: [tensorValue('x', FLOAT, ['n', 1])],
    outputs: [tensorValue('y', FLOAT, ['n', 1])],
    nodes: [node('Add', ['x', 'x'], ['y'])],
  });
  return publication('doubler', '1', built, { inputs: [column('x', 1)], outputs: [column('y', 1)] });
}

async function ask(name: string, rows: readonly (readonly number[])[], path = 'infer') {
  const data = rows.flat();
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [rows.length, data.length / rows.length], data }];
  const answer = await pop.send('POST', `/v2/models/${name}/${path}`, { inputs }, { 'popserve-feedback': '1' });
  expect(answer.status).toBe(200);
  return answer.headers.get('popserve-answer-id');
}

const tell = (name: string, body: object) => pop.send('POST', `/v2/models/${name}/feedback`, body);

async function feedbackOf(name: string): Promise<FeedbackStatus> {
  const status = (await pop.operate('GET', `/registry/models/${name}/status`)).json<ModelStatus>();
  expect(status.feedback).toBeDefined();
  return status.feedback as FeedbackStatus;
}

/** Asks until all that was told has been reported: a report leaves behind a request. */
async function recordsOf(name: string, records: number): Promise<FeedbackStatus> {
  return eventually(async () => {
    await ask(name, [name === 'doubler' ? [1] : [1, 0]]);
    const told = await feedbackOf(name);
    expect(told.totals.reduce((sum, own) => sum + own.records, 0)).toBe(records);
    return told;
  });
}

test('the truth about labels becomes accuracy per version, side and PoP, each answer once', async () => {
  const wrong = await ask('chooser', [[1, 0]]);
  const right = await ask('chooser', [[0, 1]]);
  const several = await ask('chooser', [
    [1, 0],
    [0, 1],
    [0, 1],
  ]);
  const named = await ask('chooser', [[0, 1]], 'versions/1/infer');
  const first = await tell('chooser', { id: wrong, truth: 'yes' });
  expect(first.status).toBe(202);
  expect(first.json()).toEqual({ accepted: 1, refused: [] });
  const list = [
    { id: right, truth: 'yes' },
    { id: several, truth: ['no', 'yes', null] },
    { id: 'made up', truth: 'yes' },
    { id: several, truth: ['no'] },
    { id: named, truth: 'yes' },
  ];
  expect((await tell('chooser', list)).json()).toEqual({
    accepted: 3,
    refused: [
      { place: 2, error: "not an id of an answer of 'chooser': expected what the header popserve-answer-id said" },
      { place: 3, error: 'truth: expected 3 for the records of the answer, got 1' },
    ],
  });
  const { recent, totals } = await recordsOf('chooser', 5);
  const stable = { version: '1', side: 'stable', records: 4, accuracy: 0.75 };
  expect(recent).toMatchObject([
    { ...{ version: '1', side: 'named', place: 'global', records: 1, accuracy: 1 } },
    { ...stable, place: 'global' },
    { ...{ version: '1', side: 'named', place: 'pop:local' } },
    { ...stable, place: 'pop:local' },
  ]);
  expect(totals).toContainEqual({ ...stable, right: 3, errorP50: null, errorP90: null });
  // Told again, to any isolate and after any report, it changes nothing.
  await tell('chooser', [
    { id: right, truth: 'no' },
    { id: wrong, truth: 'no' },
  ]);
  const last = await ask('chooser', [[0, 1]]);
  await tell('chooser', { id: last, truth: 'yes' });
  expect((await recordsOf('chooser', 6)).totals).toContainEqual(expect.objectContaining({ records: 5, right: 4 }));
  const metrics = new TextDecoder().decode((await pop.operate('GET', '/metrics')).bytes);
  const labels = 'model="chooser",version="1",side="stable",source="callers"';
  expect(metrics).toContain(`popserve_feedback_records_total{${labels}} 5\n`);
  expect(metrics).toContain(`popserve_feedback_right_total{${labels}} 4\n`);
});

test('the truth about numbers becomes how far they were off', async () => {
  for (const off of [0, 0.5, 0.5, 8]) {
    expect((await tell('doubler', { id: await ask('doubler', [[3]]), truth: 6 + off })).status).toBe(202);
  }
  const { totals } = await recordsOf('doubler', 4);
  expect(totals).toMatchObject([{ version: '1', side: 'stable', accuracy: null, right: null }]);
  expect(Math.abs(Math.log2((totals[0]?.errorP50 ?? 0) / 0.5))).toBeLessThanOrEqual(0.51);
  expect(totals[0]?.errorP90).toBeGreaterThan(4);
});

test('no id is given where nobody asks, to the operator, nor for answers without a label or number', async () => {
  const question = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };
  const wants = { 'popserve-feedback': '1' };
  const plain = await pop.send('POST', '/v2/models/chooser/infer', question);
  expect(plain.headers.get('popserve-answer-id')).toBeNull();
  const operator = { ...wants, authorization: `Bearer ${pop.pop.token}` };
  const own = await pop.send('POST', '/v2/models/chooser/infer', question, operator);
  expect(own.headers.get('popserve-answer-id')).toBeNull();
  await pop.release(adder('adder', '1', 1));
  const vector = await pop.send('POST', '/v2/models/adder/infer', question, wants);
  expect([vector.status, vector.headers.get('popserve-answer-id')]).toEqual([200, null]);
});

test('what is no feedback is refused, and the next request is answered', async () => {
  const id = await ask('chooser', [[1, 0]]);
  for (const [body, status] of [
    ['{', 400],
    [{}, 400],
    [[], 400],
    [{ id, truth: { label: 'no' } }, 400],
    [{ id, truth: 'no', more: 1 }, 400],
    [{ id: `${id}A`, truth: 'no' }, 400],
    [Array.from({ length: 1001 }, () => ({ id, truth: 'no' })), 400],
  ] as const) {
    expect((await tell('chooser', body as object)).status, JSON.stringify(body).slice(0, 60)).toBe(status);
  }
  expect((await tell('doubler', { id, truth: 'no' })).status).toBe(400);
  expect((await tell('chooser', { id, truth: 'no' })).status).toBe(202);
});

test('without a secret there is no feedback', async () => {
  const off = await TestPop.start({ FEEDBACK_SECRET: '' });
  try {
    await off.release(chooser('1'));
    const question = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };
    const answer = await off.send('POST', '/v2/models/chooser/infer', question, { 'popserve-feedback': '1' });
    expect(answer.headers.get('popserve-answer-id')).toBeNull();
    const refused = await off.send('POST', '/v2/models/chooser/feedback', { id: 'x', truth: 1 });
    expect(refused.status).toBe(501);
    expect(refused.json()).toEqual({ error: 'feedback is off: FEEDBACK_SECRET is not configured' });
  } finally {
    await off.stop();
  }
});
