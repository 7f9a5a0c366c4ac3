// A mount that declares nothing stops the app. (What the mounted routes declare is asked for over HTTP in rights.test.ts.)
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { declare, declaredCalls, requireDeclarations } from '../../../worker/middleware/declarations.ts';

const answer = () => new Response();
const guard = declare(async (_: unknown, next: () => Promise<void>) => await next(), { scopes: ['read'] });
const whole = declare(async (_: unknown, next: () => Promise<void>) => await next(), {
  scopes: ['infer'],
  insteadOfModel: 'stats',
});

test('an app whose mounts all declare what they need starts, inside another one as well', () => {
  const app = new Hono()
    .use(async (_, next) => await next())
    .get('/a', guard, answer)
    .on(['PUT', 'POST'], '/b', guard, answer)
    .get('/:word', whole)
    .get('/c', guard, async (_, next) => await next(), answer)
    .get('/:word', guard, answer);
  expect(() => requireDeclarations(app.routes)).not.toThrow();
  expect(() => requireDeclarations(new Hono().route('/outer', app).routes)).not.toThrow();
});

test.each([
  ['without a declaration', new Hono().get('/a', guard, answer).get('/b', answer), 'GET /b'],
  ['with another method', new Hono().get('/a', guard, answer).delete('/a', answer), 'DELETE /a'],
  ['in an app that is mounted', new Hono().route('/in', new Hono().post('/a', answer)), 'POST /in/a'],
  ['declared behind its handler', new Hono().get('/a', answer, guard), 'GET /a'],
  ['behind one that answers by itself', new Hono().get('/:a', whole).get('/:a', answer), 'GET /:a'],
  ['behind middleware for all methods', new Hono().use('/a', guard).get('/a', answer), 'GET /a'],
])('a mount %s stops the app and is named', (_, app, mount) => {
  expect(() => requireDeclarations(app.routes)).toThrow(`nothing is declared for ${mount}: put needs()`);
});

test('calls are told with their scopes: a word instead of a model, and HEAD where it needs another right', () => {
  const head = declare(() => new Response(), { scopes: ['read'], headScopes: [] });
  const app = new Hono().use('/a/*', guard).get('/a/:model', whole).get('/a/:model', guard, answer).get('/b', head);
  expect(declaredCalls(new Hono().route('/v1', app).routes)).toEqual([
    { method: 'GET', path: '/v1/a/stats', scopes: ['infer'] },
    { method: 'GET', path: '/v1/a/:model', scopes: ['read'] },
    { method: 'GET', path: '/v1/b', scopes: ['read'] },
    { method: 'HEAD', path: '/v1/b', scopes: [] },
  ]);
});
