import { expect, test } from 'vitest';
import { percentSchema, type Route, routedAs, routedVersions, routeSchema } from '../../registry/route.ts';

const route: Route = {
  schema: 1,
  model: 'pump',
  epoch: 7,
  aliases: { stable: '1', lab: '1', canary: '2' },
  previous: ['9'],
  rollout: { version: '2', percent: 5, salt: 'pump/2/7' },
  shadow: { version: '3', percent: 10 },
  audit: { actor: 'ann', at: '2026-11-23T10:00:00.000Z', action: 'shadow' },
};

test('names its versions once each: those of aliases, of the rollout and of the shadow, not those of before', () => {
  expect(routedVersions(route)).toEqual(['1', '2', '3']);
  expect(routedVersions({ ...route, aliases: { stable: '1' } })).toEqual(['1', '2', '3']);
  expect(routedVersions({ ...route, rollout: null, shadow: null })).toEqual(['1', '2']);
  expect(routedVersions({ ...route, aliases: {}, rollout: null, shadow: null })).toEqual([]);
});

test.each([
  ['1', ["alias 'stable'", "alias 'lab'"]],
  ['2', ["alias 'canary'", 'rollout of 5 %']],
  ['3', ['shadow of 10 %']],
  ['9', []],
])('says how it names version %s', (version, uses) => {
  expect(routedAs(route, version)).toEqual(uses);
});

test('is read from what is stored; an old route without previous versions has none', () => {
  const { previous: _, ...old } = route;
  expect(routeSchema.parse(route)).toEqual(route);
  expect(routeSchema.parse(old)).toEqual({ ...route, previous: [] });
});

test.each([
  ['epoch 0', { epoch: 0 }],
  ['half an epoch', { epoch: 1.5 }],
  ['another schema', { schema: 2 }],
  ['a member that nobody knows', { extra: 1 }],
  ['a version that is none', { aliases: { stable: 'x' } }],
  ['a share beyond 100', { shadow: { version: '3', percent: 101 } }],
  ['a rollout since epoch 0', { rollout: { ...route.rollout, sinceEpoch: 0 } }],
  ['a member of the rollout that nobody knows', { rollout: { ...route.rollout, extra: 1 } }],
  ['a member of the shadow that nobody knows', { shadow: { ...route.shadow, extra: 1 } }],
  ['a time that is none', { audit: { ...route.audit, at: 'yesterday' } }],
])('with %s is no route', (_, change) => {
  expect(routeSchema.safeParse({ ...route, ...change }).success).toBe(false);
});

test('a member of the audit that this code does not know is passed over: it routes nothing', () => {
  expect(routeSchema.parse({ ...route, audit: { ...route.audit, extra: 1 } })).toEqual(route);
});

test('a share is a percentage', () => {
  expect([0, 0.01, 100].map((percent) => percentSchema.safeParse(percent).success)).toEqual([true, true, true]);
  expect([-0.01, 100.01].map((percent) => percentSchema.safeParse(percent).success)).toEqual([false, false]);
});
