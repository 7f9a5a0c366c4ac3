// A program that uses the API through openapi-fetch and the types that openapi-typescript makes of the description. It stands
// beside them in a temporary folder when generated-client.test.ts compiles and runs it: each of its types must be real, and each
// answer what its type says.
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { components, paths } from './api.ts';

const [baseUrl = '', token = ''] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } });
const adder = { params: { path: { model: 'adder' } } };

// Tensors: of the forms of the answer it is the one with outputs, in JSON.
const inputs = [{ name: 'x', shape: [1, 2], datatype: 'FP32' as const, data: [[1, 2]] }];
const inferred = await client.POST('/v2/models/{model}/infer', { ...adder, body: { id: 'a', inputs } });
assert.ok(typeof inferred.data === 'object' && 'outputs' in inferred.data);
const [y] = inferred.data.outputs;
assert.ok(y && 'data' in y);
const elements: (string | number | boolean | null)[] = y.data;
assert.deepEqual([inferred.data.model_version, inferred.data.id, y.datatype, elements], ['1', 'a', 'FP32', [11, 12]]);
// @ts-expect-error The answer is no free-form object.
assert.equal(inferred.data.nothing, undefined);

// Plain records: a prediction each.
const records: components['schemas']['Records'] = { instances: [{ x: [1, 2] }] };
const predicted = await client.POST('/v2/models/{model}/infer', { ...adder, body: records });
assert.ok(typeof predicted.data === 'object' && 'predictions' in predicted.data);
const [prediction] = predicted.data.predictions;
assert.deepEqual(prediction?.y, [11, 12]);

// A wrong request does not compile, and is refused with a message.
const wrong = await client.POST('/v2/models/{model}/infer', {
  ...adder,
  // @ts-expect-error An input needs a shape and a datatype.
  body: { inputs: [{ name: 'x', data: [1, 2] }] },
});
const message: string | undefined = wrong.error?.error;
assert.match(message ?? '', /^input 'x': /);
// @ts-expect-error The manifest must be sent.
const none = await client.PUT('/registry/models/{model}/versions/{version}', {
  params: { path: { model: 'adder', version: '9' } },
});
assert.equal(none.response.status, 400);

// A body that is optional may be left out.
const index = await client.POST('/v2/repository/index');
const state: 'READY' | 'UNAVAILABLE' | 'LOADING' | undefined = index.data?.[0]?.state;
assert.equal(state, 'READY');

// Files are bytes.
const artifact = await client.GET('/v2/models/{model}/artifact', { ...adder, parseAs: 'arrayBuffer' });
const bytes: ArrayBuffer | undefined = artifact.data;
assert.ok((bytes?.byteLength ?? 0) > 0);

// Lists, details and their pages.
const models = await client.GET('/registry/models', { params: { query: { limit: 1 } } });
assert.equal(models.data?.models[0]?.route?.aliases.stable, '1');
const next: string | null | undefined = models.data?.next;
assert.equal(next, null);
const details = await client.GET('/registry/models/{model}', adder);
const storedAt: string | undefined = details.data?.versions[0]?.storedAt;
assert.ok(!Number.isNaN(Date.parse(storedAt ?? '')));
const nobody = await client.GET('/registry/models/{model}', { params: { path: { model: 'nobody' } } });
assert.equal(nobody.error?.error, "Request for unknown model: 'nobody' is not found");

// A change, as one of the actions that there are.
const action: components['schemas']['RouteAction'] = { action: 'alias', name: 'next', version: '1' };
const change = await client.POST('/registry/models/{model}/routes', { ...adder, body: action });
const epoch: number | undefined = change.data?.route.epoch;
assert.equal(epoch, 2);
// @ts-expect-error A canary needs a share.
const shareless: components['schemas']['RouteAction'] = { action: 'canary', version: '1' };
assert.equal(shareless.action, 'canary');

// The PoPs' reports.
const status = await client.GET('/registry/models/{model}/status', adder);
const reach: number | null | undefined = status.data?.release?.reach100Ms;
assert.ok(reach === undefined || reach === null || reach >= 0);
const drift = await client.GET('/registry/models/{model}/drift', {
  params: { ...adder.params, query: { pop: 'local' } },
});
const threshold: number | undefined = drift.data?.settings.thresholds.psi;
assert.equal(threshold, 0.1);
const statistics = await client.GET('/v2/models/{model}/stats', {
  params: { ...adder.params, query: { scope: 'isolate' } },
});
const successes: number | undefined = statistics.data?.model_stats[0]?.inference_stats.success.count;
assert.equal(successes, 2);

const key = await client.POST('/registry/keys', { body: { name: 'press 7', scopes: ['infer'] } });
assert.match(key.data?.token ?? '', /^pk_/);
console.log('all answers are of their types');
