// The description through Redocly's linter, by the rules that it recommends, all of them as errors.
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { expect, test } from 'vitest';
import { TestPop } from '../../harness/pop.ts';

test('has nothing that the linter finds', async () => {
  const pop = await TestPop.start();
  try {
    const source = new TextDecoder().decode((await pop.send('GET', '/openapi.json')).bytes);
    const config = await createConfig({ extends: ['recommended-strict'] });
    const problems = await lintFromString({ source, absoluteRef: '/openapi.json', config });
    expect(problems.map(({ ruleId, message, location }) => [ruleId, location[0]?.pointer, message])).toEqual([]);
    // The linter itself works: without names of operations it complains.
    const nameless = source.replaceAll(/"operationId":"[A-Za-z]+",/g, '');
    const [problem] = await lintFromString({ source: nameless, absoluteRef: '/openapi.json', config });
    expect(problem?.ruleId).toBe('operation-operationId');
  } finally {
    await pop.stop();
  }
});
