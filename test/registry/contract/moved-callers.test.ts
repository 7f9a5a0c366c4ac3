import { expect, it } from 'vitest';
import { movedCallers } from '../../../registry/contract/moved-callers.ts';
import type { Route } from '../../../registry/route.ts';
import type { RoutingAction } from '../../../registry/route-action.ts';
import { nextRoute } from '../../../registry/transition.ts';

const context = { model: 'm', actor: 'ann', at: new Date('2026-11-24T00:00:00Z') };

/** The callers moved by the last of some actions, as `under: served > next`. */
function movedBy(...actions: RoutingAction[]): string[] {
  let current: Route | null = null;
  let moved: string[] = [];
  for (const action of actions) {
    const route: Route = nextRoute(current, action, context);
    moved = movedCallers(current, route).map(({ under, served, next }) => `${under}: ${served} > ${next}`);
    current = route;
  }
  return moved;
}

const first: RoutingAction = { action: 'activate', version: '1' };
const canary = (percent: number, version = '2'): RoutingAction => ({ action: 'canary', version, percent });
const alias = (version: string): RoutingAction => ({ action: 'alias', name: 'lab', version });
const shadow = (percent: number): RoutingAction => ({ action: 'shadow', version: '2', percent });

it.each<[string, RoutingAction[], string[]]>([
  ['a first activation', [first], []],
  ['the first activation after an alias', [alias('2'), first], []],
  ['an activation', [first, { action: 'activate', version: '2' }], ['stable: 1 > 2']],
  ['a rollback', [first, { action: 'activate', version: '2' }, { action: 'rollback' }], ['stable: 2 > 1']],
  ['a canary', [first, canary(5)], ['canary: 1 > 2']],
  ['a canary whose share is raised', [first, canary(5), canary(20)], ['canary: 1 > 2']],
  ['a canary whose share is lowered', [first, canary(20), canary(5)], []],
  ['limits of a canary', [first, canary(5), { ...canary(5), limits: { drift: 1 } } as RoutingAction], []],
  ['a promotion', [first, canary(5), { action: 'promote' }], ['stable: 1 > 2']],
  ['an abort', [first, canary(5), { action: 'abort' }], []],
  ['an alias that is new', [first, alias('2')], ['lab: 1 > 2']],
  ['an alias of the version that is stable', [first, alias('1')], []],
  ['an alias that is moved', [first, alias('2'), alias('3')], ['lab: 2 > 3']],
  ['an alias beside an activation', [first, alias('2'), { action: 'activate', version: '3' }], ['stable: 1 > 3']],
  ['an alias that is removed', [first, alias('2'), { action: 'alias', name: 'lab', version: null }], []],
  ['a shadow', [first, shadow(10)], ['shadow: 1 > 2']],
  ['a shadow whose share is raised', [first, shadow(10), shadow(20)], []],
  ['the end of a shadow', [first, shadow(10), shadow(0)], []],
])('%s', (_, actions, moved) => {
  expect(movedBy(...actions)).toEqual(moved);
});
