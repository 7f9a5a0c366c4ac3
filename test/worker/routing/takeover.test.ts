import { expect, test } from 'vitest';
import type { Route } from '../../../registry/route.ts';
import type { RouteAction } from '../../../registry/route-action.ts';
import { nextRoute } from '../../../registry/transition.ts';
import { isHeldBack } from '../../../worker/routing/takeover.ts';

const context = { model: 'm', actor: 'ann', at: new Date(0) };
const start = nextRoute(null, { action: 'activate', version: '1' }, context);
const after = (...actions: RouteAction[]): Route =>
  actions.reduce((route, action) => nextRoute(route, action, context), start);

const canary: RouteAction = { action: 'canary', version: '2', percent: 50 };
const lab: RouteAction = { action: 'alias', name: 'lab', version: '9' };
const activate: RouteAction = { action: 'activate', version: '3' };

test.each([
  ['nothing failed', after(), after(activate), [], false],
  ['a new stable failed', after(), after(activate), ['3'], true],
  ['a new stable failed while a canary ends', after(canary), after(canary, { action: 'abort' }, activate), ['3'], true],
  ['a canary failed', after(), after(canary), ['2'], false],
  ['a shadow failed', after(), after({ action: 'shadow', version: '2', percent: 5 }), ['2'], false],
  ['only an alias moves, and failed', after(), after(lab), ['9'], true],
  ['stable moves while an alias fails', after(), after(lab, activate), ['9'], false],
  ['a canary is aborted while an alias fails', after(canary), after(canary, lab, { action: 'abort' }), ['9'], false],
  ['the first route of an isolate, its alias failed', null, after(lab), ['9'], false],
])('%s', (_, current, next, failed, held) => {
  expect(isHeldBack(current, next, new Set(failed))).toBe(held);
});
