// The description of the API and its page: complete, valid as far as its parts are asked for, and of this server alone.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenApiDocument } from '../../../worker/openapi/document.ts';
import { chromiumPath, launchChromium } from '../../client/chromium.ts';
import { sha256, TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

let pop: TestPop;
let document: OpenApiDocument;
beforeAll(async () => {
  pop = await TestPop.start({ ARTIFACT_DOWNLOADS: 'on' });
  await pop.release(adder('adder', '1', 10));
  document = (await pop.send('GET', '/openapi.json')).json<OpenApiDocument>();
});
afterAll(() => pop.stop());

const verbs = ['get', 'post', 'put', 'delete'];

test('every route that is mounted is described', () => {
  const undescribed = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([verb, { summary }]) => (summary ? [] : [`${verb} ${path}`])),
  );
  expect(undescribed).toEqual([]);
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining([
      ...['/v2', '/v2/models/{model}/infer', '/v2/models/{model}/versions/{version}/infer', '/v2/repository/index'],
      ...['/v1/models/{model}:predict', '/v1/models/{model}/labels/{label}:predict', '/registry/models', '/docs'],
    ]),
  );
  for (const operations of Object.values(document.paths)) {
    for (const verb of Object.keys(operations)) expect(verbs).toContain(verb);
  }
});

test('what is described is mounted: no call is an unknown path or verb', async () => {
  for (const [path, operations] of Object.entries(document.paths)) {
    const url = path.replaceAll(/\{[a-z]+\}/g, (name) => (name === '{version}' ? '1' : 'adder'));
    for (const verb of Object.keys(operations)) {
      const answer = await pop.send(verb.toUpperCase(), url);
      const text = new TextDecoder().decode(answer.bytes);
      expect(text, `${verb} ${url}`).not.toContain('no such path');
      expect(answer.status, `${verb} ${url}`).not.toBe(405);
    }
  }
});

test('parameters of paths are declared, and references lead somewhere', () => {
  for (const [path, operations] of Object.entries(document.paths)) {
    const inPath = [...path.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => name);
    for (const operation of Object.values(operations)) {
      const declared = ((operation.parameters ?? []) as { name: string; in: string }[]).filter((p) => p.in === 'path');
      expect(declared.map(({ name }) => name)).toEqual(inPath);
    }
  }
  const { schemas } = document.components as { schemas: Record<string, object> };
  const references = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([A-Za-z]+)"/g);
  for (const [, name] of references) expect(Object.keys(schemas)).toContain(name);
  expect(schemas.Manifest).toMatchObject({ type: 'object', properties: { signature: {} } });
});

interface Described {
  readonly parameters?: readonly { name: string; in: string }[];
  readonly security?: readonly Record<string, []>[];
  readonly responses: Record<string, { headers?: Record<string, object>; content?: Record<string, object> }>;
}

const described = (verb: string, path: string) =>
  document.paths[path]?.[verb.toLowerCase()] as unknown as Described | undefined;

const parametersOf = (verb: string, path: string, place: string) =>
  (described(verb, path)?.parameters ?? []).filter((parameter) => parameter.in === place).map(({ name }) => name);

describe('what answers is what is described', () => {
  const { manifest, blobs } = adder('adder', '2', 20);
  const [{ digest, bytes } = { digest: '', bytes: new Uint8Array() }] = blobs;
  const model = '/v2/models/{model}';
  const versions = '/registry/models/{model}/versions/{version}';
  const infer = { inputs: [{ name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] }] };
  const binary = { ...infer, parameters: { binary_data_output: true } };
  const named = { digest, version: '2' };
  const key = { name: 'pump', scopes: ['infer'] };

  let lastTag = '';
  // In this order: the same call once more is no creation, and what is held is what the call before gave.
  test.each<[number, string, string, { body?: object; query?: string; headers?: Record<string, string>; held?: true }]>(
    [
      [201, 'PUT', '/registry/blobs/{digest}', { body: bytes }],
      [200, 'PUT', '/registry/blobs/{digest}', { body: bytes }],
      [200, 'GET', '/registry/blobs/{digest}', {}],
      [304, 'GET', '/registry/blobs/{digest}', { held: true }],
      [206, 'GET', '/registry/blobs/{digest}', { headers: { range: 'bytes=0-9' } }],
      [201, 'PUT', versions, { body: manifest }],
      [200, 'PUT', versions, { body: manifest }],
      [200, 'GET', versions, {}],
      [201, 'POST', '/registry/models/{model}/routes', { body: { action: 'alias', name: 'next', version: '2' } }],
      [200, 'POST', '/registry/models/{model}/routes', { body: { action: 'alias', name: 'next', version: '2' } }],
      [201, 'POST', '/registry/keys', { body: key }],
      [200, 'POST', `${model}/infer`, { body: infer }],
      [200, 'POST', `${model}/infer`, { body: binary }],
      [200, 'POST', '/v1/models/{model}:predict', { body: { instances: [[1, 2]] } }],
      [200, 'GET', `${model}/infer`, { query: '?x=1,2' }],
      [304, 'GET', `${model}/infer`, { query: '?x=1,2', held: true }],
      [200, 'GET', `${model}/artifact`, {}],
      [304, 'GET', `${model}/artifact`, { held: true }],
      [206, 'GET', `${model}/artifact`, { headers: { range: 'bytes=0-9' } }],
      [200, 'GET', `${model}/stats`, {}],
      [200, 'GET', '/registry/models/{model}/drift', { query: '?version=1&pop=local' }],
      [200, 'GET', '/registry/models/{model}/sample', { query: '?version=1&pop=local' }],
      [200, 'GET', '/registry/audit', { query: '?limit=1' }],
      [200, 'GET', '/metrics', { query: '?names=triton' }],
    ],
  )(
    '%i: %s %s',
    async (status, verb, path, { body, query = '', held, headers = held && { 'if-none-match': lastTag } }) => {
      const url = path.replaceAll(/\{([a-z]+)\}/g, (_, name) => named[name as keyof typeof named] ?? 'adder');
      const answer = await pop.send(verb, url + query, body, {
        ...(body && !(body instanceof Uint8Array) && { 'content-type': 'application/json' }),
        'x-api-key': pop.pop.token,
        ...headers,
      });
      expect(answer.status).toBe(status);
      lastTag = answer.headers.get('etag') ?? '';
      const response = described(verb, path)?.responses[status];
      const own = [...answer.headers.keys()].filter((name) => /^(popserve-|etag$|inference-header-)/.test(name));
      const known = Object.keys(response?.headers ?? {}).map((name) => name.toLowerCase());
      expect(known).toEqual(expect.arrayContaining(own));
      const type = answer.headers.get('content-type')?.split(';')[0];
      if (type) expect(Object.keys(response?.content ?? {})).toContain(type);
      const asked = [...new URLSearchParams(query).keys()].filter((name) => name !== 'x');
      expect(parametersOf(verb, path, 'query')).toEqual(expect.arrayContaining(asked));
      const sent = parametersOf(verb, path, 'header').map((name) => name.toLowerCase());
      expect(sent).toEqual(expect.arrayContaining(Object.keys(headers ?? {})));
    },
  );

  test('inference takes headers, the artifact a digest, and a key comes in either of two', () => {
    for (const path of [`${model}/infer`, `${model}/versions/{version}/infer`]) {
      expect(parametersOf('POST', path, 'header')).toEqual([
        ...['popserve-min-epoch', 'popserve-key', 'Inference-Header-Content-Length'],
      ]);
      expect(Object.keys(described('POST', path)?.responses['200']?.headers ?? {})).toContain('popserve-instead-of');
    }
    expect(parametersOf('GET', `${model}/artifact`, 'query')).toEqual(['digest']);
    expect(document.components.securitySchemes).toMatchObject({ key: { in: 'header', name: 'x-api-key' } });
    expect(document.security).toEqual([{ bearer: [] }, { key: [] }, {}]);
    expect(described('POST', '/registry/gc')?.security).toEqual([{ bearer: [] }, { key: [] }]);
  });

  test('statistics have no field that is not described', async () => {
    const { Statistics } = document.components.schemas as Record<string, Schema>;
    await pop.send('POST', '/v2/models/adder/infer', infer);
    for (const scope of ['isolate', 'all']) {
      const statistics = (await pop.send('GET', `/v2/models/adder/stats?scope=${scope}`)).json<object>();
      expect(undescribed(statistics, Statistics ?? {}, '')).toEqual([]);
    }
  });
});

interface Schema {
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
}

/** Paths of the fields that a schema of objects and lists does not name. */
function undescribed(value: unknown, { properties, items }: Schema, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((element) => undescribed(element, items ?? {}, `${path}[]`));
  if (!properties || typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) => {
    const schema = properties[name];
    return schema ? undescribed(field, schema, `${path}.${name}`) : [`${path}.${name}`];
  });
}

describe('the page', () => {
  test.skipIf(chromiumPath === null)('stores a file as a blob, and sends headers', async () => {
    const browser = await launchChromium(chromiumPath ?? '');
    try {
      const page = await browser.newPage();
      await page.goto(new URL('/docs', pop.pop.url).href);
      await page.locator('body[data-ready]').waitFor();
      await page.locator('#token').fill(pop.pop.token);
      const open = async (verb: string, path: string) => {
        const call = page.locator('details', { has: page.locator(`b[data-verb=${verb}] + code`, { hasText: path }) });
        await call.first().locator('summary').click();
        return call.first();
      };
      const bytes = Buffer.from('any bytes');
      const blob = await open('PUT', '/registry/blobs/{digest}');
      await blob.locator('[name=digest]').fill(sha256(bytes));
      await blob.locator('[name=body]').setInputFiles({ name: 'any', mimeType: 'text/plain', buffer: bytes });
      await blob.getByRole('button', { name: 'Send' }).click();
      await blob.locator('pre', { hasText: /^201 in/ }).waitFor();
      const metadata = await open('GET', '/v2/models/{model}');
      await metadata.locator('[name=popserve-min-epoch]').fill('99');
      await metadata.getByRole('button', { name: 'Send' }).click();
      await metadata.locator('pre', { hasText: /^503 in/ }).waitFor();
    } finally {
      await browser.close();
    }
  });

  test('asks nothing of another origin and lets only its own script run', async () => {
    const [first, second] = [await pop.send('GET', '/docs'), await pop.send('GET', '/docs')];
    expect(first.headers.get('content-type')).toContain('text/html');
    const policy = first.headers.get('content-security-policy') ?? '';
    const html = new TextDecoder().decode(first.bytes);
    expect(html).not.toMatch(/(src|href)=["']?(https?:)?\/\//);
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
    expect(nonce).toMatch(/^[A-Za-z0-9+/]{22}==$/);
    expect(policy.split('; ')).toEqual([
      ...["default-src 'none'", `script-src 'nonce-${nonce}'`, `style-src 'nonce-${nonce}'`, "connect-src 'self'"],
      ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
    ]);
    expect(html).toContain(`<script nonce="${nonce}">`);
    expect(html).not.toContain('{{nonce}}');
    expect(new TextDecoder().decode(second.bytes)).not.toContain(nonce);
  });

  test.each([
    ['the page', 'GET', '/docs', 200],
    ['an error in its place', 'GET', '/docs/nothing', 404],
    ['a wrong method', 'POST', '/docs', 405],
  ])('%s has every header that keeps a browser from more', async (_, method, path, status) => {
    const answer = await pop.send(method, path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'nonce-");
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), geolocation=(), microphone=()',
      'strict-transport-security': 'max-age=31536000',
    });
  });
});
