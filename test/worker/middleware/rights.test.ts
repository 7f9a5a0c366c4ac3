// The rights of every mounted route, as the description lists them, with every kind of key and with none. Tokens may combine
// scopes and models in ways that keys may not: ../security/jwt-rights.test.ts.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OpenApiDocument } from '../../../registry/api/server.ts';
import { TestPop } from '../../harness/pop.ts';
import { holders, rights, withoutModel } from './route-rights.ts';

let pop: TestPop;
let mounted: string[];
beforeAll(async () => {
  pop = await TestPop.start({ INFERENCE_ACCESS: 'keyed', ARTIFACT_DOWNLOADS: 'on' });
  const { paths } = (await pop.send('GET', '/openapi.json')).json<OpenApiDocument>();
  mounted = Object.entries(paths).flatMap(([path, calls]) =>
    Object.keys(calls).map((verb) => `${verb.toUpperCase()} ${path}`),
  );
});
afterAll(() => pop.stop());

/** The status of a call about a model that there is not. */
async function statusOf(call: string, token: string | null): Promise<number> {
  const [verb = '', path = ''] = call.split(' ');
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  return (await pop.send(verb, path.replaceAll(/\{[a-z]+\}/g, 'nobody'), undefined, headers)).status;
}

async function keyFor(scope: string, models: string[] | null = null): Promise<string> {
  const answer = await pop.operate('POST', '/registry/keys', { name: scope, scopes: [scope], models });
  return answer.json<{ token: string }>().token;
}

test('the rights of every mounted route are written above', () => {
  expect(mounted.sort()).toEqual(Object.keys(rights).sort());
});

test('a caller without a key gets what is open and nothing else', async () => {
  const refused = (statuses: [string, number][]) => statuses.filter(([, status]) => status === 401).map(([at]) => at);
  const statuses = await Promise.all(mounted.map(async (at) => [at, await statusOf(at, null)] as [string, number]));
  expect(refused(statuses).sort()).toEqual(mounted.filter((call) => rights[call] !== 'open').sort());
});

test.each(['infer', 'read', 'release', 'admin'])('a key with the scope %s may call what takes it', async (scope) => {
  const token = await keyFor(scope);
  for (const call of mounted) {
    const right = rights[call] ?? 'open';
    const status = await statusOf(call, token);
    expect([401, 429], call).not.toContain(status);
    expect([call, status === 403]).toEqual([call, !holders[right].includes(scope)]);
  }
});

test('a key for one model gets nothing of another one, and nothing of all of them', async () => {
  const token = await keyFor('release', ['mine']);
  for (const call of mounted) {
    const right = rights[call] ?? 'open';
    const may = holders[right].includes('release') && (right === 'open' || withoutModel.has(call));
    expect([call, (await statusOf(call, token)) === 403]).toEqual([call, !may]);
  }
});

test('every answer says that it is what its media type says', async () => {
  const answers = [...mounted, 'GET /nothing', 'OPTIONS /v2/models', 'DELETE /v2', `GET /${'a'.repeat(9000)}`];
  for (const call of answers) {
    const [verb = '', path = ''] = call.split(' ');
    for (const token of [null, pop.pop.token]) {
      const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
      const answer = await pop.send(verb, path.replaceAll(/\{[a-z]+\}/g, 'nobody'), undefined, headers);
      expect([call, answer.headers.get('x-content-type-options')]).toEqual([call, 'nosniff']);
    }
  }
});

test('what is not mounted is told to nobody who is not known', async () => {
  const reader = await keyFor('read');
  for (const path of ['/registry/nothing', '/registry/models/nobody/nothing', '/v2/models/nobody/nothing']) {
    expect([path, await statusOf(`GET ${path}`, null)]).toEqual([path, 401]);
    expect([path, await statusOf(`GET ${path}`, pop.pop.token)]).toEqual([path, 404]);
  }
  expect(await statusOf('DELETE /v2/models/{model}', null)).toBe(401);
  expect(await statusOf('DELETE /v2/models/{model}', reader)).not.toBe(401);
});
