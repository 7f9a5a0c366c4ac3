// The description through two validators: Redocly's linter, by the rules that it recommends, all of them as errors, and the JSON
// schema of OpenAPI 3.1 that its authors publish.
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestPop } from '../../harness/pop.ts';

let pop: TestPop;
let source: string;
beforeAll(async () => {
  pop = await TestPop.start();
  source = new TextDecoder().decode((await pop.send('GET', '/openapi.json')).bytes);
});
afterAll(() => pop.stop());

test('has nothing that the linter finds', async () => {
  const config = await createConfig({ extends: ['recommended-strict'] });
  const problems = await lintFromString({ source, absoluteRef: '/openapi.json', config });
  expect(problems.map(({ ruleId, message, location }) => [ruleId, location[0]?.pointer, message])).toEqual([]);
  // The linter itself works: without names of operations it complains.
  const nameless = source.replaceAll(/"operationId":"[A-Za-z]+",/g, '');
  const [problem] = await lintFromString({ source: nameless, absoluteRef: '/openapi.json', config });
  expect(problem?.ruleId).toBe('operation-operationId');
});

test('is valid by the schema of OpenAPI 3.1', async () => {
  const validate = async (text: string) => await new Validator({ strict: false }).validate(JSON.parse(text));
  expect(await validate(source)).toEqual({ valid: true });
  // The validator itself works: a place of parameters that does not exist is found.
  expect((await validate(source.replaceAll('"in":"path"', '"in":"body"'))).valid).toBe(false);
});
