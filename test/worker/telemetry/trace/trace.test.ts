// Traces through the real Worker: taken over and returned, in the log, and exported to a collector that knows the specification.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../../../../worker/config.ts';
import { eventually } from '../../../harness/eventually.ts';
import { TestPop } from '../../../harness/pop.ts';
import { adder } from '../../../harness/small-models.ts';
import { OtlpReceiver } from './otlp-receiver.ts';

let receiver: OtlpReceiver;
let pop: TestPop;
beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  const headers = 'authorization=Basic%20secret-of-the-collector,x-tenant=plant';
  pop = await TestPop.start({ TRACES_URL: receiver.url, TRACES_HEADERS: headers, TRACES_SHARE: '0' });
  await pop.release(adder('adder', '1', 1));
  await pop.release(adder('adder', '2', 2), false);
});
afterEach(() => expect(receiver.faults).toEqual([]));
afterAll(async () => {
  await pop.stop();
  await receiver.stop();
});

const question = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };
const parentId = '00f067aa0ba902b7';
let traces = 0;
const newTrace = () => `4bf92f3577b34da6a3ce${String(++traces).padStart(12, '0')}`;

function ask(traceparent: string, body: object = question, more: Record<string, string> = {}) {
  return pop.send('POST', '/v2/models/adder/infer?secret=1', body, { traceparent, ...more });
}

test('a sampled inference becomes a span of the server and one for each step', async () => {
  const traceId = newTrace();
  const headers = { traceparent: `00-${traceId}-${parentId}-01`, tracestate: 'vendor=1' };
  const answer = await pop.send('POST', '/v2/models/adder/versions/2/infer?secret=1', question, headers);
  expect(answer.status).toBe(200);
  const spans = await eventually(() => {
    const found = receiver.of(traceId);
    expect(found).toHaveLength(6);
    return found;
  });
  const [server, ...steps] = spans;
  expect(answer.headers.get('traceparent')).toBe(`00-${traceId}-${server?.spanId}-01`);
  const model = {
    ...{ 'popserve.model.name': 'adder', 'popserve.model.version': '2', 'popserve.model.epoch': '1' },
    ...{ 'popserve.model.digest': answer.headers.get('popserve-digest'), 'popserve.model.routed': false },
  };
  const { hostname, port } = pop.pop.url;
  const route = '/v2/models/{model}/versions/{version}/infer';
  expect(server).toMatchObject({
    ...{ name: `POST ${route}`, kind: 2, parentSpanId: parentId, traceState: 'vendor=1' },
    attributes: {
      ...{ 'http.request.method': 'POST', 'url.scheme': 'http', 'url.path': '/v2/models/adder/versions/2/infer' },
      ...{ 'server.address': hostname, 'server.port': port, 'http.route': route },
      ...{ 'http.response.status_code': '200', 'popserve.pop': 'local', ...model },
    },
  });
  expect(server?.status).toBeUndefined();
  expect(steps.map(({ name }) => name)).toEqual(['route', 'decode', 'load', 'run', 'encode']);
  for (const step of steps) {
    expect(step).toMatchObject({ kind: 1, parentSpanId: server?.spanId });
    expect(BigInt(step.startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(server?.startTimeUnixNano ?? 0));
    expect(BigInt(step.endTimeUnixNano)).toBeLessThanOrEqual(BigInt(server?.endTimeUnixNano ?? 0));
    // Clocks run here. Where they stand still, as in production, the span says that it was not measured.
    expect('popserve.duration.measured' in step.attributes).toBe(step.ms === 0);
  }
  expect(steps.find(({ name }) => name === 'run')?.attributes).toMatchObject(model);
  expect(Math.abs(Number(BigInt(server?.startTimeUnixNano ?? 0) / 1_000_000n) - Date.now())).toBeLessThan(60_000);
  expect(receiver.batches[0]?.headers).toMatchObject({
    ...{ authorization: 'Basic secret-of-the-collector', 'x-tenant': 'plant' },
    ...{ 'content-type': 'application/json', 'user-agent': 'popserve' },
  });
  // Neither inputs nor a query stand in a span.
  expect(JSON.stringify(spans)).not.toContain('secret');
});

test('the caller decides: a trace that it does not sample is returned and not exported; without one there is none', async () => {
  const [unsampled, sampled] = [newTrace(), newTrace()];
  const answer = await ask(`00-${unsampled}-${parentId}-00`);
  expect(answer.headers.get('traceparent')).toMatch(new RegExp(`^00-${unsampled}-[0-9a-f]{16}-00$`));
  const plain = await pop.send('POST', '/v2/models/adder/infer', question);
  expect(plain.headers.get('traceparent')).toBeNull();
  await ask(`00-${sampled}-${parentId}-01`);
  await eventually(() => expect(receiver.of(sampled)).not.toHaveLength(0));
  expect(receiver.of(unsampled)).toEqual([]);
});

test('an invalid header is replaced by a trace that begins here', async () => {
  const answer = await ask('00-not-a-trace-01', question, { tracestate: 'vendor=1' });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
});

test('a fault of the server is one of the span, a fault of the caller is not; lines of the log name the trace', async () => {
  const [wrong, away, changed] = [newTrace(), newTrace(), newTrace()];
  expect((await ask(`00-${wrong}-${parentId}-01`, {})).status).toBe(400);
  const behind = { 'popserve-min-epoch': '99' };
  expect((await ask(`00-${away}-${parentId}-01`, question, behind)).status).toBe(503);
  const operator = { authorization: `Bearer ${pop.pop.token}`, traceparent: `00-${changed}-${parentId}-01` };
  const alias = { action: 'alias', name: 'next', version: '1' };
  expect((await pop.send('POST', '/registry/models/adder/routes', alias, operator)).status).toBe(201);
  await eventually(() => {
    expect(receiver.of(wrong)[0]).toMatchObject({ attributes: { 'http.response.status_code': '400' } });
    const [failed] = receiver.of(away);
    expect(failed).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': '503' } });
    expect(receiver.of(changed)[0]?.name).toBe('POST /registry/models/{model}/routes');
  });
  expect(receiver.of(wrong)[0]?.status).toBeUndefined();
  expect(pop.logs).toContainEqual(expect.objectContaining({ event: 'refused', traceId: away }));
  await eventually(() =>
    expect(pop.logs).toContainEqual(expect.objectContaining({ event: 'audit', traceId: changed })),
  );
});

test('a collector that is away costs nothing but its spans: they come with the next batch, refused ones are dropped', async () => {
  const [late, dropped, partly, next] = [newTrace(), newTrace(), newTrace(), newTrace()];
  const failures = () => pop.logs.filter(({ event }) => event === 'traces-not-exported');
  receiver.ahead.push({ status: 503 });
  await ask(`00-${late}-${parentId}-01`);
  await eventually(() => expect(failures()).toMatchObject([{ sentAgain: true, error: 'the collector answered 503' }]));
  receiver.ahead.push({ status: 503 }, { status: 400 });
  await ask(`00-${dropped}-${parentId}-01`);
  await eventually(() => expect(failures()).toHaveLength(2));
  await ask(`00-${dropped}-${parentId}-01`);
  await eventually(() =>
    expect(failures()[2]).toMatchObject({ sentAgain: false, error: 'the collector answered 400' }),
  );
  receiver.ahead.push({ status: 200, body: '{"partialSuccess":{"rejectedSpans":"6","errorMessage":"no"}}' });
  await ask(`00-${partly}-${parentId}-01`);
  await eventually(() =>
    expect(failures()[3]).toMatchObject({ sentAgain: false, error: 'the collector rejected 6 spans' }),
  );
  await ask(`00-${next}-${parentId}-01`);
  await eventually(() => expect(receiver.of(next)).not.toHaveLength(0));
  expect(receiver.of(late)).toEqual([]);
  expect(pop.logs.map((line) => JSON.stringify(line)).join()).not.toContain('secret-of-the-collector');
});

test('callers who ask for every trace get some, and their requests are answered all the same', async () => {
  const asked = Array.from({ length: 200 }, newTrace);
  const answers = await Promise.all(asked.map((traceId) => ask(`00-${traceId}-${parentId}-01`)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  const sampled = answers.filter(({ headers }) => headers.get('traceparent')?.endsWith('-01')).length;
  expect(sampled).toBeLessThan(150);
  const last = asked.filter((_, at) => answers[at]?.headers.get('traceparent')?.endsWith('-01')).at(-1) ?? '';
  if (sampled > 0) await eventually(() => expect(receiver.of(last)).not.toHaveLength(0));
  // Many requests, few exports.
  expect(receiver.batches.length).toBeLessThan(40);
});

test('with a share of 1 every request is sampled, and nothing is exported without a collector', async () => {
  const all = await TestPop.start({ TRACES_URL: receiver.url, TRACES_SHARE: '1' });
  const none = await TestPop.start({ TRACES_SHARE: '1' });
  try {
    const { headers } = await all.send('GET', '/v2/health/live');
    const [, traceId = ''] = /^00-([0-9a-f]{32})-[0-9a-f]{16}-01$/.exec(headers.get('traceparent') ?? '') ?? [];
    const [span] = await eventually(() => {
      const found = receiver.of(traceId);
      expect(found).toHaveLength(1);
      return found;
    });
    expect(span).toMatchObject({ name: 'GET /v2/health/live', attributes: { 'http.route': '/v2/health/live' } });
    expect(span?.parentSpanId).toBeUndefined();
    expect((await none.send('GET', '/v2/health/live')).headers.get('traceparent')).toBeNull();
  } finally {
    await all.stop();
    await none.stop();
  }
});

test('settings that cannot be meant are refused by name, without the secret', () => {
  const url = 'https://collector.example.com/v1/traces';
  expect(() => parseConfig({ TRACES_URL: 'collector:4318' })).toThrow('TRACES_URL');
  expect(() => parseConfig({ TRACES_URL: url, TRACES_SHARE: '2' })).toThrow('TRACES_SHARE');
  expect(() => parseConfig({ TRACES_URL: url, TRACES_HEADERS: 'a=b,Bearer hidden' })).toThrow(
    /^wrong settings: TRACES_HEADERS: expected name=value, separated by commas, got something else in place 2$/,
  );
  expect(parseConfig({ TRACES_URL: url, TRACES_HEADERS: ' A = b%2Cc ' }).traces?.headers).toEqual({ a: 'b,c' });
});
