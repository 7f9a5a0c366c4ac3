// The description of the API and its page: complete, valid as far as its parts are asked for, and of this server alone.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenApiDocument } from '../../worker/openapi/document.ts';
import { TestPop } from '../harness/pop.ts';
import { adder } from '../harness/small-models.ts';

let pop: TestPop;
let document: OpenApiDocument;
beforeAll(async () => {
  pop = await TestPop.start();
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

describe('the page', () => {
  test('asks nothing of another origin and lets only its own script run', async () => {
    const [first, second] = [await pop.send('GET', '/docs'), await pop.send('GET', '/docs')];
    expect(first.headers.get('content-type')).toContain('text/html');
    const policy = first.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    const html = new TextDecoder().decode(first.bytes);
    expect(html).not.toMatch(/(src|href)=["']?(https?:)?\/\//);
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
    expect(html).toContain(`<script nonce="${nonce}">`);
    expect(html).not.toContain('{{nonce}}');
    expect(new TextDecoder().decode(second.bytes)).not.toContain(nonce);
  });
});
