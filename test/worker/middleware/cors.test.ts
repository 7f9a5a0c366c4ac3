// Web pages of other origins: through the built Worker, as a browser asks.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OpenApiDocument } from '../../../registry/api/server.ts';
import { parseConfig } from '../../../worker/config.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

const page = 'https://app.example.com';
const stranger = 'https://evil.example';
/** Every header that a page may send beyond the simple ones. */
const customHeaders =
  'authorization,content-encoding,content-type,if-none-match,inference-header-content-length,popserve-feedback,popserve-key,popserve-last-call,popserve-min-epoch,popserve-non-finite,traceparent,tracestate,x-api-key';
const question = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };

let pop: TestPop;

beforeAll(async () => {
  pop = await TestPop.start({ CORS_ORIGINS: `${page}, http://localhost:5173, http://127.0.0.1:*` });
  await pop.release(adder('adder', '1', 1));
});

afterAll(() => pop.stop());

function preflight(origin: string, path: string) {
  return pop.send('OPTIONS', path, undefined, {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': customHeaders,
  });
}

describe('an allowed page', () => {
  it('gets its preflight answered for every header that a client sends', async () => {
    const answer = await preflight(page, '/v2/models/adder/infer');
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe(page);
    expect(answer.headers.get('access-control-allow-methods')?.split(',')).toEqual(['GET', 'HEAD', 'POST']);
    expect(answer.headers.get('access-control-allow-headers')?.split(',')).toEqual(customHeaders.split(','));
    expect(answer.headers.get('access-control-max-age')).toBe('7200');
    expect(answer.headers.get('vary')?.toLowerCase()).toContain('origin');
  });

  it.each([
    ['http://127.0.0.1:8000', true],
    ['http://127.0.0.1:65535', true],
    // A browser leaves the usual port out.
    ['http://127.0.0.1', true],
    ['https://127.0.0.1:8000', false],
    ['http://localhost:8000', false],
    ['http://127.0.0.1.evil.example:8000', false],
    ['http://127.0.0.1:8000.evil.example', false],
  ])('may be of any port where the setting says so: %s %s', async (origin, may) => {
    const answer = await preflight(origin, '/v2/models/adder/infer');
    expect(answer.headers.get('access-control-allow-origin')).toBe(may ? origin : null);
  });

  it('may read the answer and its headers', async () => {
    const answer = await pop.send('POST', '/v2/models/adder/infer', question, { origin: page });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe(page);
    const exposed = answer.headers.get('access-control-expose-headers')?.split(',') ?? [];
    const made = ['popserve-digest', 'popserve-epoch', 'popserve-pop', 'popserve-version'];
    // The first answer of an isolate also says what its cold start was made of.
    expect([...new Set(exposed)].filter((name) => name !== 'server-timing').sort()).toEqual(made);
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('may read errors and when to try again', async () => {
    const headers = { origin: page, 'popserve-min-epoch': '99' };
    const answer = await pop.send('POST', '/v2/models/adder/infer', question, headers);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('access-control-allow-origin')).toBe(page);
    expect(answer.headers.get('access-control-expose-headers')?.split(',')).toContain('retry-after');
  });
});

describe('everyone else', () => {
  it('of another origin is not allowed', async () => {
    const asked = await preflight(stranger, '/v2/models/adder/infer');
    expect(asked.headers.get('access-control-allow-origin')).toBeNull();
    const answer = await pop.send('POST', '/v2/models/adder/infer', question, { origin: stranger });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    for (const lookalike of [`${page}.evil.example`, 'http://app.example.com', 'null', page.toUpperCase()]) {
      const refused = await preflight(lookalike, '/v2/models/adder/infer');
      expect(refused.headers.get('access-control-allow-origin'), lookalike).toBeNull();
    }
  });

  it('gets answers that a cache cannot give to a page', async () => {
    const answer = await pop.send('GET', '/v2/models/adder');
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(answer.headers.get('vary')?.toLowerCase()).toContain('origin');
  });

  it('gets no page near a call that changes something', async () => {
    const { paths } = (await pop.send('GET', '/openapi.json')).json<OpenApiDocument>();
    const calls = Object.entries(paths).flatMap(([path, verbs]) =>
      Object.keys(verbs).map((verb) => ({ verb: verb.toUpperCase(), path: path.replaceAll(/\{[a-z]+\}/g, 'adder') })),
    );
    const answersPages = /^\/v2\/(?!repository\/models\/)|^\/v1\/|^\/v2$|^\/openapi\.json$/;
    for (const { verb, path } of calls) {
      const told = [await preflight(page, path), await pop.send(verb, path, undefined, { origin: page })];
      const allowed = told.map(({ headers }) => headers.get('access-control-allow-origin'));
      expect([verb, path, ...allowed]).toEqual([
        verb,
        path,
        ...(answersPages.test(path) ? [page, page] : [null, null]),
      ]);
    }
    expect(calls.length).toBeGreaterThan(50);
  });
});

describe('the setting', () => {
  it('takes origins as browsers write them, and nothing else', () => {
    expect(parseConfig({ CORS_ORIGINS: '*' }).corsOrigins).toBe('*');
    expect(parseConfig({ CORS_ORIGINS: '' }).corsOrigins).toEqual(new Set());
    for (const wrong of [
      'app.example.com',
      `${page}/`,
      `${page}/path`,
      'https://a.example,*',
      'null',
      'HTTPS://A.EXAMPLE',
      'https://a.example:*',
      'http://localhost.example:*',
      'http://localhost:80*',
    ]) {
      expect(() => parseConfig({ CORS_ORIGINS: wrong }), wrong).toThrow(/CORS_ORIGINS: expected/);
    }
  });
});
