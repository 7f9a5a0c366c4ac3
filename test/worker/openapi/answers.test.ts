// The description cannot lie: every operation is called, in every form of its answers, and each answer is held against it, with
// no room for members that it does not name.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoModel } from '../../../scripts/demo/demo-model.ts';
import { Random } from '../../../scripts/random.ts';
import { AnswerIds } from '../../../worker/telemetry/feedback/answer-ids.ts';
import { demoPublication } from '../../harness/demo-publication.ts';
import { eventually } from '../../harness/eventually.ts';
import { colourModel } from '../../harness/pictures/colour-model.ts';
import { png } from '../../harness/pictures/encoders.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';
import { names, sentences } from '../../harness/texts/word-models.ts';
import { baselineOf } from '../telemetry/drift/baselines.ts';
import { Description, operationsOf } from './described.ts';

const { manifest, blobs } = adder('adder', '2', 20);
const [{ digest, bytes } = { digest: '', bytes: new Uint8Array() }] = blobs;
const demo = demoModel.name;
const machine = { type: 'L', air_temperature: 298.9, process_temperature: 309.1, rotational_speed: 1310 };
const record = { ...machine, torque: 64.5, tool_wear: 198 };
const tensor = { name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] };

const feedback = { secret: 'a secret of some length', days: 30 };
/** Of an answer of the demo's model. */
const answerId = await new AnswerIds(feedback).give(
  demo,
  {
    ...{ version: '1', epoch: 1, side: 'stable', pop: 'FRA', bucket: 1 },
    predicted: { kind: 'labels', values: ['1'] },
  },
  Date.now(),
);
const telling = {
  'popserve-last-call': 'ms=41.3, status=200',
  'popserve-feedback': '1',
  traceparent: `00-${'4'.repeat(32)}-${'7'.repeat(16)}-00`,
};

let pop: TestPop;
let description: Description;
/** Default values of the path's parameters. */
const named: Record<string, string> = { model: 'adder', version: '1', label: 'stable', digest };

beforeAll(async () => {
  pop = await TestPop.start({
    ...{ TELEMETRY_FLUSH_SECONDS: '0', ROUTE_REFRESH_SECONDS: '0', POP_REGION: 'EU' },
    ...{ ARTIFACT_DOWNLOADS: 'on', INPUT_SAMPLE: 'adder=10', INPUT_SAMPLE_WINDOW_SECONDS: '1' },
    ...{ DRIFT_WINDOW_SECONDS: '0.2', FEEDBACK_SECRET: feedback.secret },
  });
  await pop.release(await demoPublication());
  await pop.release(adder('adder', '1', 10));
  await pop.release(adder('retired', '1', 10), false);
  await pop.release(colourModel('colour', '1'));
  await pop.release(sentences('sentences', '1'));
  await pop.release(names('names', '1'));
  description = await Description.of(pop);
  const key = await pop.operate('POST', '/registry/keys', { name: 'first', scopes: ['read'], models: ['adder'] });
  named.id = key.json<{ key: { id: string } }>().key.id;
});
afterAll(() => pop.stop());

interface Call {
  readonly in?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sends the ETag of the call before as If-None-Match. */
  readonly held?: true;
}

const model = '/v2/models/{model}';
const version = `${model}/versions/{version}`;
const registered = '/registry/models/{model}';
const infer = { inputs: [tensor] };
const binary = { ...infer, parameters: { binary_data_output: true } };
const half = { inputs: [tensor], outputs: [{ name: 'y', parameters: { binary_data: true } }], id: 'a' };
const range = { range: 'bytes=0-9' };
const next = { action: 'alias', name: 'next', version: '2' };
const guarded = { action: 'canary', version: '2', percent: 50, limits: { errorShare: 0.5, drift: 9 } };
const unguarded = { ...guarded, limits: { errorShare: 0.5 } };
const onDemo = { in: { model: demo } };
const onColour = { in: { model: 'colour' } };
const teal = png(8, 8, () => [0, 102, 51]).toString('base64');
const inQuery = `?${Object.entries(record).map((pair) => pair.join('='))}`.replaceAll(',', '&');

// In this order: the same call once more is no creation, and what is held is what the call before gave.
const calls: readonly [status: number, verb: string, path: string, call: Call][] = [
  [200, 'GET', '/v2', {}],
  [200, 'GET', '/v2/health/live', {}],
  [200, 'GET', '/v2/health/ready', {}],
  [200, 'GET', '/openapi.json', {}],
  [200, 'GET', '/docs', {}],
  [201, 'PUT', '/registry/blobs/{digest}', { body: bytes }],
  [200, 'PUT', '/registry/blobs/{digest}', { body: bytes }],
  [200, 'HEAD', '/registry/blobs/{digest}', {}],
  [304, 'HEAD', '/registry/blobs/{digest}', { held: true }],
  [200, 'GET', '/registry/blobs/{digest}', {}],
  [304, 'GET', '/registry/blobs/{digest}', { held: true }],
  [206, 'GET', '/registry/blobs/{digest}', { headers: range }],
  [416, 'GET', '/registry/blobs/{digest}', { headers: { range: 'bytes=99999999-' } }],
  [404, 'HEAD', '/registry/blobs/{digest}', { in: { digest: `sha256:${'0'.repeat(64)}` } }],
  [201, 'PUT', `${registered}/versions/{version}`, { in: { version: '2' }, body: manifest }],
  [200, 'PUT', `${registered}/versions/{version}`, { in: { version: '2' }, body: manifest }],
  [422, 'PUT', `${registered}/versions/{version}`, { body: { schema: 2 } }],
  [200, 'GET', `${registered}/versions/{version}`, {}],
  [200, 'GET', `${registered}/versions/{version}`, onDemo],
  [200, 'POST', `${registered}/versions/{version}/retry`, {}],
  [200, 'DELETE', `${registered}/versions/{version}`, { in: { model: 'retired' } }],
  [409, 'DELETE', `${registered}/versions/{version}`, {}],
  [201, 'POST', `${registered}/routes`, { body: next }],
  [200, 'POST', `${registered}/routes`, { body: next }],
  [201, 'POST', `${registered}/routes`, { body: unguarded }],
  [201, 'POST', `${registered}/routes`, { body: { action: 'shadow', version: '2', percent: 100 } }],
  [409, 'POST', `${registered}/routes`, { body: guarded }],
  [409, 'POST', `${registered}/routes`, { body: next, headers: { 'if-match': '"99"' } }],
  [200, 'GET', `${registered}/routes`, { query: '?limit=1' }],
  [200, 'GET', `${registered}/routes`, { query: '?before=2' }],
  [200, 'GET', '/registry/models', { query: '?limit=1' }],
  [200, 'GET', '/registry/models', { query: '?after=adder' }],
  [200, 'GET', registered, {}],
  [200, 'GET', registered, { in: { model: 'retired' } }],
  [404, 'GET', registered, { in: { model: 'nobody' } }],
  [201, 'POST', '/registry/keys', { body: { name: 'pump', scopes: ['infer'], expiresAt: '2099-01-01T00:00:00Z' } }],
  [400, 'POST', '/registry/keys', { body: { name: 'pump' } }],
  [200, 'GET', '/registry/keys', {}],
  [200, 'DELETE', '/registry/keys/{id}', { body: { reason: 'lost' } }],
  [200, 'GET', '/registry/keys', {}],
  [200, 'POST', `${model}/infer`, { body: infer }],
  [200, 'POST', `${model}/infer`, { body: binary }],
  [200, 'POST', `${version}/infer`, { body: half }],
  [200, 'POST', `${model}/infer`, { body: { instances: [{ x: [1, 2] }], id: 'a' } }],
  [200, 'POST', `${model}/infer`, { ...onDemo, body: { instances: [record] } }],
  [200, 'POST', `${model}/infer`, { ...onDemo, body: { instances: [record] }, headers: telling }],
  [202, 'POST', `${model}/feedback`, { ...onDemo, body: { id: answerId, truth: 1 } }],
  [202, 'POST', `${model}/feedback`, { ...onDemo, body: [{ id: 'none', truth: null }] }],
  [400, 'POST', `${model}/feedback`, { ...onDemo, body: {} }],
  [200, 'POST', `${model}/infer`, { ...onColour, body: { inputs: teal } }],
  [200, 'POST', `${model}/infer`, { ...onColour, body: { inputs: [teal], parameters: { top_k: 1 } } }],
  [400, 'POST', `${model}/infer`, { body: {} }],
  [503, 'POST', `${model}/infer`, { body: infer, headers: { 'popserve-min-epoch': '99' } }],
  [200, 'GET', `${model}/infer`, { query: '?x=1,2', headers: { 'popserve-key': 'pump-1' } }],
  [304, 'GET', `${model}/infer`, { query: '?x=1,2', held: true, headers: { 'popserve-key': 'pump-1' } }],
  [200, 'GET', `${version}/infer`, { ...onDemo, query: inQuery }],
  [200, 'POST', `${model}/infer`, { in: { model: 'sentences' }, body: { inputs: ['good'] } }],
  [200, 'POST', `${model}/infer`, { in: { model: 'names' }, body: { inputs: 'ann' } }],
  [200, 'GET', model, { in: { model: 'names' } }],
  [200, 'POST', '/v1/embeddings', { body: { model: 'sentences', input: 'good', encoding_format: 'base64' } }],
  [200, 'POST', '/v1/embeddings', { body: { model: 'sentences', input: ['good', 'bad'] } }],
  [404, 'POST', '/v1/embeddings', { body: { model: 'nobody', input: 'good' } }],
  [200, 'POST', '/v1/models/{model}:predict', { body: { instances: [[1, 2]] } }],
  [200, 'POST', '/v1/models/{model}/versions/{version}:predict', { body: { inputs: [[1, 2]] } }],
  [200, 'POST', '/v1/models/{model}/labels/{label}:predict', { ...onDemo, body: { instances: [record] } }],
  [400, 'POST', '/v1/models/{model}:predict', { body: { instances: [] } }],
  [200, 'GET', '/v1/models', {}],
  [200, 'GET', '/v1/models/{model}', {}],
  [200, 'GET', '/v1/models/{model}/versions/{version}', {}],
  [200, 'GET', '/v1/models/{model}/labels/{version}', { in: { version: 'stable' } }],
  [200, 'GET', '/v1/models/{model}/metadata', onDemo],
  [200, 'GET', '/v1/models/{model}/versions/{version}/metadata', {}],
  [200, 'GET', '/v1/models/{model}/labels/{version}/metadata', { in: { version: 'stable' } }],
  [200, 'GET', '/v2/models', { query: '?limit=1' }],
  [200, 'GET', '/v2/models', { query: '?after=adder' }],
  [200, 'GET', model, {}],
  [200, 'GET', version, onDemo],
  [200, 'GET', `${model}/config`, onDemo],
  [200, 'GET', `${version}/config`, {}],
  [200, 'GET', `${model}/ready`, {}],
  [200, 'GET', `${version}/ready`, {}],
  [200, 'GET', `${model}/artifact`, {}],
  [304, 'GET', `${model}/artifact`, { held: true }],
  [206, 'GET', `${model}/artifact`, { headers: range }],
  [200, 'GET', `${version}/artifact`, onDemo],
  [404, 'GET', `${model}/artifact`, { query: `?digest=sha256:${'0'.repeat(64)}` }],
  [200, 'GET', `${model}/stats`, {}],
  [200, 'GET', `${version}/stats`, { ...onDemo, query: '?scope=isolate' }],
  [200, 'GET', '/v2/models/stats', { query: '?scope=all' }],
  [200, 'POST', '/v2/repository/index', { body: { ready: true } }],
  [200, 'POST', '/v2/repository/models/{model}/load', { body: { parameters: { version: '1' } } }],
  [501, 'POST', '/v2/repository/models/{model}/load', { body: { parameters: { config: '{}' } } }],
  [200, 'POST', '/v2/repository/models/{model}/unload', { body: {} }],
  [200, 'GET', `${registered}/status`, {}],
  [200, 'GET', `${registered}/shadow`, {}],
  [200, 'GET', `${registered}/drift`, { ...onDemo, query: '?version=1&pop=local' }],
  [200, 'GET', `${registered}/sample`, { query: '?version=1&pop=local' }],
  [200, 'DELETE', `${registered}/sample`, {}],
  [400, 'GET', `${registered}/drift`, { query: '?nothing=1' }],
  [400, 'GET', `${registered}/drift/history`, { query: '?version=1&place=FRA' }],
  [409, 'POST', `${registered}/drift`, { body: { action: 'withdraw', version: '1', place: 'global' } }],
  [200, 'GET', '/registry/audit', { query: '?limit=1' }],
  [200, 'GET', '/registry/audit', {}],
  [200, 'GET', '/registry/objects', { query: '?limit=10' }],
  [200, 'GET', '/registry/objects/{key}', { in: { key: 'models/machine-failure/routes/999999999998' } }],
  [404, 'GET', '/registry/objects/{key}', { in: { key: 'models/nobody/routes/999999999998' } }],
  [201, 'PUT', '/registry/objects/{key}', { in: { key: 'trials/nobody/1/proven' }, body: new Uint8Array() }],
  [400, 'PUT', '/registry/objects/{key}', { in: { key: 'elsewhere' }, body: new Uint8Array() }],
  [200, 'POST', '/registry/repair', {}],
  [200, 'POST', '/registry/gc', { body: { dryRun: true } }],
  [200, 'POST', '/registry/probe', {}],
  [200, 'GET', '/metrics', { query: '?names=triton' }],
];

function send(verb: string, path: string, { in: own, body, query = '', headers }: Call) {
  const url = path.replaceAll(/\{([a-z]+)\}/g, (_, name) => own?.[name] ?? named[name] ?? '');
  const type = body === undefined || body instanceof Uint8Array ? {} : { 'content-type': 'application/json' };
  // The operator's own questions to a model are counted nowhere.
  const key = verb === 'POST' && path.endsWith('/infer') ? {} : { 'x-api-key': pop.pop.token };
  return pop.send(verb, url + query, body, { ...type, ...key, ...headers });
}

let lastTag = '';

test.each(calls)('%i: %s %s', async (status, verb, path, call) => {
  const headers = { ...call.headers, ...(call.held && { 'if-none-match': lastTag }) };
  const answer = await send(verb, path, { ...call, headers });
  expect(answer.status).toBe(status);
  lastTag = answer.headers.get('etag') ?? '';
  expect(description.faults(verb, path, answer)).toEqual([]);
  const { parameters = [], requestBody } = description.operation(verb, path) ?? {};
  const known = (place: string) => parameters.filter((parameter) => parameter.in === place).map(({ name }) => name);
  const asked = known('query').includes('features') ? [] : [...new URLSearchParams(call.query).keys()];
  // The server may well refuse what is not described.
  if (status < 400) {
    expect(known('query')).toEqual(expect.arrayContaining(asked));
    expect(known('header').map((name) => name.toLowerCase())).toEqual(expect.arrayContaining(Object.keys(headers)));
  }
  const schema = requestBody?.content?.['application/json']?.schema;
  if (schema && call.body && status < 400) expect(description.bodyFaults(schema, call.body)).toEqual([]);
});

test('no operation is left out', () => {
  const called = new Set(calls.map(([, verb, path]) => `${verb} ${path}`));
  const described = operationsOf(description.document).map(({ verb, path }) => `${verb} ${path}`);
  expect(described.filter((call) => !called.has(call))).toEqual([]);
});

test('a body is required where a call without one is refused, and nowhere else', async () => {
  for (const { verb, path, operation } of operationsOf(description.document)) {
    if (operation.requestBody === undefined) continue;
    const { status } = await send(verb, path, {});
    expect([verb, path, status >= 400 && status < 500]).toEqual([verb, path, operation.requestBody.required]);
  }
});

describe('what takes a while to come', () => {
  const ask = (path: string, where: Call = {}) => send('GET', path, where);

  /** Each is on one side of the canary. */
  let devices = 0;

  /** Asks the model until an answer of the control plane has what it takes, then holds it against the description. */
  async function settled(path: string, where: Call, body: object, has: (answer: never) => unknown): Promise<void> {
    const answer = await eventually(async () => {
      const headers = { 'popserve-key': `pump-${devices++}` };
      expect((await send('POST', `${model}/infer`, { ...where, body, headers })).status).toBe(200);
      const latest = await ask(path, where);
      expect(has(latest.json<never>())).toBeTruthy();
      return latest;
    });
    expect(description.faults('GET', path, answer)).toEqual([]);
  }

  test('a status with PoPs, counts, a release and findings of the guard', () =>
    settled(
      `${registered}/status`,
      {},
      infer,
      ({ release, pops, versions, guard }: Record<string, unknown[]>) =>
        release && pops?.length && versions?.length && guard?.length,
    ));

  test('a shadow with pairs', () =>
    settled(`${registered}/shadow`, {}, infer, ({ pairs }: { pairs: unknown[] }) => pairs.length));

  test('drift that was judged, with an episode and its event', async () => {
    const random = new Random(3);
    const { manifest: plain, blobs: own } = adder('watched', '1', 10);
    const x = Float32Array.from({ length: 8000 }, () => random.normal(0, 1));
    const tensors = {
      x: { shape: [4000, 2], elements: x },
      y: { shape: [4000, 2], elements: x.map((value) => value + 10) },
    };
    await pop.release({
      manifest: { ...plain, baseline: baselineOf(plain.signature, tensors, 4000) },
      blobs: own,
    });
    const shifted = Array.from({ length: 2000 }, () => random.normal(2, 1));
    const body = { inputs: [{ ...tensor, shape: [1000, 2], data: shifted }] };
    type Drift = { versions: { episodes: unknown[]; places: { window: unknown }[] }[]; events: unknown[] };
    await settled(
      `${registered}/drift`,
      { in: { model: 'watched' } },
      body,
      ({ versions: [first], events }: Drift) =>
        events.length && first?.episodes.length && first.places.some(({ window }) => window),
    );
    await settled(
      `${registered}/drift/history`,
      { in: { model: 'watched' }, query: '?version=1&place=global&feature=x[0]' },
      body,
      ({ windows, histogram }: { windows: unknown[]; histogram: unknown }) => windows.length && histogram,
    );
    const accept = { action: 'accept', version: '1', place: 'global', reason: 'the new normal' };
    const accepted = await send('POST', `${registered}/drift`, { in: { model: 'watched' }, body: accept });
    expect([accepted.status, description.faults('POST', `${registered}/drift`, accepted)]).toEqual([200, []]);
  });

  test('sampled rows', async () => {
    await eventually(async () => {
      expect((await send('POST', `${model}/infer`, { body: infer })).status).toBe(200);
      const answer = await ask(`${registered}/sample`);
      expect(answer.bytes.length).toBeGreaterThan(0);
      expect(description.faults('GET', `${registered}/sample`, answer)).toEqual([]);
    });
  });
});
