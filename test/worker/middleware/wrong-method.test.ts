// Wrong methods through the real Worker: 405 that names the right ones, and 404 for paths that there are not.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestPop } from '../../harness/pop.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ CORS_ORIGINS: '*' });
});
afterAll(() => pop.stop());

test.each([
  ['DELETE', '/v2', 'GET, HEAD'],
  ['DELETE', '/v2/', 'GET, HEAD'],
  ['PATCH', '/v2/models', 'GET, HEAD'],
  ['PUT', '/v2/models/pump/infer', 'GET, HEAD, POST'],
  ['PUT', '/v2/models/pump/versions/1/infer', 'GET, HEAD, POST'],
  ['GET', '/v2/repository/models/pump/load', 'POST'],
  ['HEAD', '/v2/repository/index', 'POST'],
  ['POST', '/registry/models/pump/versions/1', 'GET, HEAD, PUT, DELETE'],
  ['DELETE', '/registry/models/pump/routes', 'GET, HEAD, POST'],
  ['POST', '/docs', 'GET, HEAD'],
])('%s %s gets 405 with %s', async (method, path, allowed) => {
  const headers = { authorization: `Bearer ${pop.pop.token}`, origin: 'https://app.example.com' };
  const answer = await pop.send(method, path, undefined, headers);
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, allowed]);
  if (method !== 'HEAD') {
    const asked = path.replace(/\/$/, '');
    expect(answer.json()).toEqual({ error: `method not allowed: ${method} ${asked} (allowed: ${allowed})` });
  }
  expect(answer.headers.get('popserve-pop')).toBe('local');
  // Pages of other origins may read it where they may read answers.
  const forPages = path.startsWith('/v2') && !path.startsWith('/v2/repository/models/');
  expect(answer.headers.get('access-control-allow-origin')).toBe(forPages ? '*' : null);
});

test('a path that there is not gets 404 with any method, and so does a model that there is not', async () => {
  for (const method of ['GET', 'POST', 'DELETE']) {
    const answer = await pop.send(method, '/v3');
    expect([answer.status, answer.json()]).toEqual([404, { error: 'no such path: /v3' }]);
    expect(answer.headers.get('allow')).toBeNull();
  }
  const unknown = await pop.send('GET', '/v2/models/nobody');
  expect([unknown.status, unknown.headers.get('allow')]).toEqual([404, null]);
});
