// Members called like what every object inherits: refused by name on every route that takes JSON.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
  await pop.release(adder('adder', '1', 1));
});
afterAll(() => pop.stop());

const tensor = '"name":"x","datatype":"FP32","shape":[1,2],"data":[1,2]';
const manifest = JSON.stringify(adder('adder', '2', 1).manifest).slice(1);

const bodies: readonly (readonly [string, (name: string) => string])[] = [
  ['POST /v2/models/adder/infer', (name) => `{"${name}":1,"inputs":[{${tensor}}]}`],
  ['POST /v2/models/adder/infer', (name) => `{"parameters":{"${name}":1},"inputs":[{${tensor}}]}`],
  ['POST /v2/models/adder/infer', (name) => `{"inputs":[{${tensor},"parameters":{"${name}":1}}]}`],
  [
    'POST /v2/models/adder/infer',
    (name) => `{"inputs":[{${tensor}}],"outputs":[{"name":"y","parameters":{"${name}":1}}]}`,
  ],
  ['POST /v2/models/adder/infer', (name) => `{"instances":[{"x":[1,2],"${name}":1}]}`],
  ['POST /v1/models/adder:predict', (name) => `{"instances":[{"x":[1,2],"${name}":1}]}`],
  ['POST /v1/models/adder:predict', (name) => `{"inputs":{"x":[[1,2]],"${name}":1}}`],
  ['POST /v1/models/adder:predict', (name) => `{"instances":[${'{"x":[1,2]},'.repeat(2000)}{"x":[1,2],"${name}":1}]}`],
  ['POST /v2/repository/index', (name) => `{"${name}":1}`],
  ['POST /v2/repository/models/adder/load', (name) => `{"parameters":{"${name}":1}}`],
  ['POST /v2/repository/models/adder/unload', (name) => `{"parameters":{"${name}":1}}`],
  ['PUT /registry/models/adder/versions/2', (name) => `{"${name}":1,${manifest}`],
  ['PUT /registry/models/adder/versions/2', (name) => `{"metadata":{"${name}":"1"},${manifest}`],
  ['PUT /registry/models/adder/versions/2', (name) => `{"labels":{"${name}":["a"]},${manifest}`],
  ['POST /registry/models/adder/routes', (name) => `{"action":"activate","version":"1","${name}":1}`],
  [
    'POST /registry/models/adder/routes',
    (name) => `{"action":"canary","version":"1","percent":1,"limits":{"${name}":1}}`,
  ],
  ['POST /registry/keys', (name) => `{"name":"a","scopes":["infer"],"${name}":1}`],
  ['DELETE /registry/keys/0123456789abcdef', (name) => `{"${name}":1}`],
  ['POST /registry/gc', (name) => `{"dryRun":true,"${name}":1}`],
];

it.each(
  bodies.flatMap(([call, body]) => ['__proto__', 'constructor', 'prototype'].map((name) => [call, body(name), name])),
)('%s refuses %.90s', async (call, body, name) => {
  const [verb = '', path = ''] = call.split(' ');
  const headers = { authorization: `Bearer ${pop.pop.token}` };
  const told = `the JSON: '${name}' is refused as a name, because JavaScript objects inherit it; use another`;
  for (const [sent, more] of [
    [body, {}],
    [gzipSync(body), { 'content-encoding': 'gzip' }],
  ] as const) {
    const answer = await pop.send(verb, path, sent, { ...headers, ...more });
    expect([answer.status, answer.json()]).toEqual([400, { error: told }]);
  }
});

it('refuses them among the features of a question', async () => {
  const answer = await pop.send('GET', '/v2/models/adder/infer?x=1,2&__proto__=1');
  expect(answer.status).toBe(400);
  expect(answer.json<{ error: string }>().error).toContain("the query: '__proto__' is refused");
});

it('refuses them as features and as aliases, which would be members', async () => {
  const headers = { authorization: `Bearer ${pop.pop.token}` };
  const features = { ...adder('adder', '3', 1).manifest, features: ['constructor', 'b'] };
  const stored = await pop.send('PUT', '/registry/models/adder/versions/3', features, headers);
  expect([stored.status, stored.json<{ error: string }>().error]).toEqual([
    422,
    expect.stringContaining("features: 'constructor' is refused as a name"),
  ]);
  const alias = { action: 'alias', name: 'prototype', version: '1' };
  const named = await pop.send('POST', '/registry/models/adder/routes', alias, headers);
  expect([named.status, named.json<{ error: string }>().error]).toEqual([
    400,
    expect.stringContaining("name: 'prototype' is refused as a name"),
  ]);
});

it('takes them as names of tensors, which are values', async () => {
  const inputs = [{ name: '__proto__', datatype: 'FP32', shape: [1, 2], data: [1, 2] }];
  const answer = await pop.send('POST', '/v2/models/adder/infer', { inputs });
  expect(answer.json<{ error: string }>().error).toContain("input '__proto__': not an input of the model");
});
