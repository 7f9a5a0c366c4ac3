// The description of the API as a document: complete, well-formed and exact. Its word on answers is held in answers.test.ts.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OpenApiDocument } from '../../../registry/api/server.ts';
import { describeApi } from '../../../worker/openapi/document.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';
import { operationsOf, type Schema } from './described.ts';

let pop: TestPop;
let document: OpenApiDocument;
beforeAll(async () => {
  pop = await TestPop.start();
  await pop.release(adder('adder', '1', 10));
  document = (await pop.send('GET', '/openapi.json')).json<OpenApiDocument>();
});
afterAll(() => pop.stop());

test('what is described is mounted: no call is an unknown path or verb', async () => {
  for (const { verb, path } of operationsOf(document)) {
    const url = path.replaceAll(/\{[a-z]+\}/g, (name) => (name === '{version}' ? '1' : 'adder'));
    const answer = await pop.send(verb, url);
    const text = new TextDecoder().decode(answer.bytes);
    expect(text, `${verb} ${url}`).not.toContain('no such path');
    expect(answer.status, `${verb} ${url}`).not.toBe(405);
  }
});

test('a call that is mounted and not described stops the description, and is named', () => {
  const calls = [{ method: 'GET', path: '/v2/nothing/:model', scopes: [] }];
  expect(() => describeApi(calls)).toThrow('GET /v2/nothing/:model is mounted and not described');
});

test('every operation has a name of its own, which generated clients keep', () => {
  const names = operationsOf(document).map(({ operation }) => operation.operationId);
  expect(names.filter((name) => !/^[a-z][A-Za-z]+$/.test(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
  expect(document.servers).toEqual([{ url: '/', description: expect.any(String) }]);
});

test('parameters of paths are declared, and references lead somewhere', () => {
  for (const { path, operation } of operationsOf(document)) {
    const inPath = [...path.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => name);
    const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    expect(declared.map(({ name }) => name)).toEqual(inPath);
  }
  const names = Object.keys(document.components.schemas ?? {});
  for (const [, name] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
    expect(names).toContain(name);
  }
});

test('every body has a schema: a named one, text, a file, or a form with one', () => {
  const known = [{ type: 'string' }, { type: 'string', format: 'binary' }];
  const isNamed = (schema: Schema) => schema.$ref !== undefined || schema.anyOf?.every(isNamed) === true;
  for (const { verb, path, operation } of operationsOf(document)) {
    const bodies = [operation.requestBody, ...Object.values(operation.responses)];
    for (const [type, { schema }] of bodies.flatMap((body) => Object.entries(body?.content ?? {}))) {
      if (type === 'application/json') expect(isNamed(schema), `${verb} ${path}`).toBe(true);
      else if (type === 'multipart/form-data') {
        expect(schema.anyOf?.map(({ properties }) => Object.keys(properties ?? {}))).toEqual([
          ['file', 'parameters'],
          ['text', 'parameters'],
        ]);
      } else expect(known).toContainEqual(schema);
    }
  }
});

/** Members that hold whatever the caller or the model put there, by schema. */
const anything = new Set([
  'Json',
  'TensorData',
  'AuditPage.details',
  'Description.info',
  'Description.components',
  'Description.paths',
]);

test('every array says what its items are, every object which of its members are always there', () => {
  const faults: string[] = [];
  const look = (schema: Schema, at: string) => {
    if (typeof schema !== 'object') return;
    if (Object.keys(schema).length === 0 && !anything.has(at)) faults.push(`${at} may be anything`);
    if (schema.type === 'array' && !schema.items && !schema.prefixItems) faults.push(`${at} has no items`);
    for (const [name, member] of Object.entries(schema.properties ?? {})) look(member, `${at.split('.')[0]}.${name}`);
    const parts = [schema.items, schema.additionalProperties, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
    for (const part of parts) if (typeof part === 'object') look(part, at);
  };
  for (const [name, schema] of Object.entries(document.components.schemas ?? {})) look(schema as Schema, name);
  expect(faults).toEqual([]);
  const { Statistics, ModelMetadata, Route } = document.components.schemas as Record<string, Schema>;
  expect(Statistics?.required).toEqual(['model_stats', 'popserve_scope', 'popserve_note']);
  expect(ModelMetadata?.required).toEqual([
    ...['name', 'versions', 'platform', 'inputs', 'outputs', 'features', 'records', 'properties'],
  ]);
  expect(Route?.required).toContain('previous');
});

test('a credential is sent in either of two ways, and what a call takes is what its mount declares', () => {
  const securityOf = (path: string, verb: string) => document.paths[path]?.[verb]?.security;
  expect(document.components.securitySchemes).toMatchObject({ key: { in: 'header', name: 'x-api-key' } });
  expect(securityOf('/v2/health/live', 'get')).toEqual([]);
  expect(securityOf('/v2/models/{model}/infer', 'post')).toEqual([{ bearer: ['infer'] }, { key: ['infer'] }, {}]);
  expect(securityOf('/registry/gc', 'post')).toEqual([{ bearer: ['admin'] }, { key: ['admin'] }]);
});
