import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../../registry/manifest.ts';
import { type Route, type RouteCopy, routedVersions } from '../../../registry/route.ts';
import type { RoutingAction } from '../../../registry/route-action.ts';
import { nextRoute } from '../../../registry/transition.ts';
import { isHeldBack, planTakeover } from '../../../worker/routing/takeover.ts';
import { sampleRelease } from '../../registry/sample-release.ts';

const sample = await sampleRelease('m', '0');
const context = { model: 'm', actor: 'ann', at: new Date(0) };
const start = nextRoute(null, { action: 'activate', version: '1' }, context);
const routeAfter = (...actions: RoutingAction[]): Route =>
  actions.reduce((route, action) => nextRoute(route, action, context), start);

const canary: RoutingAction = { action: 'canary', version: '2', percent: 50 };
const lab: RoutingAction = { action: 'alias', name: 'lab', version: '9' };
const activate: RoutingAction = { action: 'activate', version: '3' };

test.each([
  ['nothing failed', routeAfter(), routeAfter(activate), [], false],
  ['a new stable failed', routeAfter(), routeAfter(activate), ['3'], true],
  [
    'a new stable failed while a canary ends',
    routeAfter(canary),
    routeAfter(canary, { action: 'abort' }, activate),
    ['3'],
    true,
  ],
  ['a canary failed', routeAfter(), routeAfter(canary), ['2'], false],
  ['a shadow failed', routeAfter(), routeAfter({ action: 'shadow', version: '2', percent: 5 }), ['2'], false],
  ['only an alias moves, and failed', routeAfter(), routeAfter(lab), ['9'], true],
  ['stable moves while an alias fails', routeAfter(), routeAfter(lab, activate), ['9'], false],
  [
    'a canary is aborted while an alias fails',
    routeAfter(canary),
    routeAfter(canary, lab, { action: 'abort' }),
    ['9'],
    false,
  ],
  ['an alias moves, and a canary that was there failed', routeAfter(canary), routeAfter(canary, lab), ['2'], false],
  ['the first route of an isolate, its alias failed', null, routeAfter(lab), ['9'], false],
])('%s', (_, current, next, failed, held) => {
  expect(isHeldBack(current, next, new Set(failed))).toBe(held);
});

describe('the plan of a takeover', () => {
  const shadow: RoutingAction = { action: 'shadow', version: '4', percent: 5 };
  const promote: RoutingAction = { action: 'promote' };
  const everything = () => true;
  const nothing = () => false;
  const steps = (current: Route | null, next: Route, fits: (version: string, beside: string[]) => boolean) => {
    const plan = planTakeover(current && copyOf(current), copyOf(next), (manifest, beside) =>
      fits(
        manifest.version,
        beside.map(({ version }) => version),
      ),
    );
    return [...plan].map(({ manifest, how, isStable }) => `${how} ${manifest.version}${isStable ? ' (stable)' : ''}`);
  };

  test.each([
    ['nothing new is nothing to load', routeAfter(lab), routeAfter(lab), []],
    ['an alias is taken away', routeAfter(lab), routeAfter(lab, { action: 'alias', name: 'lab', version: null }), []],
    ['a new stable', routeAfter(), routeAfter(activate), ['load 3 (stable)']],
    [
      'a canary, an alias and a shadow, the canary first',
      routeAfter(),
      routeAfter(lab, shadow, canary),
      ['load 2', 'load 9', 'load 4'],
    ],
    ['a canary that becomes stable', routeAfter(canary), routeAfter(canary, promote), ['load 2 (stable)']],
    ['an alias that becomes the canary', routeAfter(lab), routeAfter(lab, { ...canary, version: '9' }), ['load 9']],
    ['a rollout whose share grows', routeAfter(canary), routeAfter(canary, { ...canary, percent: 60 }), []],
    ['a canary that is given up', routeAfter(canary), routeAfter(canary, { action: 'abort' }), []],
    [
      'the first route of an isolate, its stable first',
      null,
      routeAfter(lab, canary),
      ['load 1 (stable)', 'load 2', 'load 9'],
    ],
  ])('%s', (_, current, next, expected) => {
    expect(steps(current, next, everything)).toEqual(expected);
  });

  test('only stable takes the room of what serves; what else does not fit is loaded when it is asked for', () => {
    expect(steps(routeAfter(), routeAfter(lab, activate, { ...canary, version: '2' }), nothing)).toEqual([
      'swap 3 (stable)',
      'later 2',
      'later 9',
    ]);
  });

  test('a version stays beside what serves and what was loaded before it, without itself', () => {
    const asked: [version: string, beside: string[]][] = [];
    const fits = (version: string, beside: string[]) => {
      asked.push([version, beside.sort()]);
      return version !== '2';
    };
    steps(routeAfter(canary), routeAfter(canary, promote, lab, { ...canary, version: '5' }), fits);
    expect(asked).toEqual([
      ['2', ['1']],
      ['5', ['1', '2']],
      ['9', ['1', '2', '5']],
    ]);
  });

  test('the first version of an isolate has nothing beside it', () => {
    const asked: string[][] = [];
    steps(null, routeAfter(), (_, beside) => asked.push(beside) > 0);
    expect(asked).toEqual([[]]);
  });

  test('each step is decided after the one before it was carried out', () => {
    const loaded: string[] = [];
    const fits = () => loaded.length === 0;
    const plan = planTakeover(copyOf(routeAfter()), copyOf(routeAfter(lab, activate)), fits);
    const hows = [];
    for (const { manifest, how } of plan) {
      hows.push(how);
      loaded.push(manifest.version);
    }
    expect(hows).toEqual(['load', 'later']);
  });

  test('a version whose manifest did not come along is left out', () => {
    const next = copyOf(routeAfter(lab, activate));
    const { '9': _, ...manifests } = next.manifests;
    expect([...planTakeover(null, { ...next, manifests }, everything)].map(({ manifest }) => manifest.version)).toEqual(
      ['3'],
    );
  });
});

function copyOf(route: Route): RouteCopy {
  const manifests = routedVersions(route).map((version): [string, Manifest] => [
    version,
    { ...sample.manifest, version },
  ]);
  return { route, manifests: Object.fromEntries(manifests) };
}
