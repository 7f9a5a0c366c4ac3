import { describe, expect, test } from 'vitest';
import type { Route } from '../../../registry/route.ts';
import type { RoutingAction } from '../../../registry/route-action.ts';
import { nextRoute } from '../../../registry/transition.ts';
import { resolveVersion } from '../../../worker/routing/resolve.ts';

const context = { model: 'pump', actor: 'ann', at: new Date(0) };
function routeOf(...actions: RoutingAction[]): Route | null {
  return actions.reduce<Route | null>((route, action) => nextRoute(route, action, context), null);
}

const activate: RoutingAction = { action: 'activate', version: '1' };
const lab: RoutingAction = { action: 'alias', name: 'lab', version: '7' };
const canary = (percent: number): RoutingAction => ({ action: 'canary', version: '2', percent });

describe('a version that is asked for', () => {
  test.each([
    ['by its name, without any route', null, '3', '3'],
    ['by its name, although an alias is routed', routeOf(activate, lab), 'v9', 'v9'],
    ['by stable', routeOf(activate), 'stable', '1'],
    ['by canary', routeOf(activate, canary(0)), 'canary', '2'],
    ['by an alias', routeOf(activate, lab), 'lab', '7'],
  ])('%s', (_, route, requested, version) => {
    expect(resolveVersion('pump', route, requested, 'device-1')).toBe(version);
  });

  test.each([
    ['without a route', null, 'lab', "Request for unknown model: 'pump' version lab is not found (aliases: none)"],
    [
      'beside other aliases',
      routeOf(activate, lab),
      'new',
      "Request for unknown model: 'pump' version new is not found (aliases: stable, lab)",
    ],
    [
      'under a name that every object inherits',
      routeOf(activate),
      'constructor',
      'version constructor is not found (aliases: stable)',
    ],
  ])(
    'by an alias that is not there, %s, is said not to be, with the aliases that are',
    (_, route, requested, message) => {
      const resolve = () => resolveVersion('pump', route, requested, '');
      expect(resolve).toThrow(
        expect.objectContaining({ code: 'NOT_FOUND', message: expect.stringContaining(message) }),
      );
    },
  );
});

describe('the default', () => {
  test.each([
    ['without a route', null],
    ['with nothing but an alias', routeOf(lab)],
  ])('is refused %s, to be tried again', (_, route) => {
    expect(() => resolveVersion('pump', route, null, '')).toThrow(
      expect.objectContaining({
        code: 'UNAVAILABLE',
        message: "model 'pump' has no active version yet",
        retryAfterSeconds: 5,
      }),
    );
  });

  test('is stable without a rollout, and beside a rollout without a share', () => {
    for (const route of [routeOf(activate), routeOf(activate, canary(0))]) {
      for (let device = 0; device < 200; device++)
        expect(resolveVersion('pump', route, null, `device-${device}`)).toBe('1');
    }
  });

  // The salt is pump/2/2: device-2 is in bucket 3772, device-1 in 7588 (bucket.test.ts).
  test.each([
    [37.7, '1', '1'],
    [37.73, '2', '1'],
    [75.88, '2', '1'],
    [75.89, '2', '2'],
    [100, '2', '2'],
  ])('is the rollout of %d %% for the devices within it', (percent, ofDevice2, ofDevice1) => {
    const route = routeOf(activate, canary(percent));
    expect(route?.rollout?.salt).toBe('pump/2/2');
    const versions = ['device-2', 'device-1'].map((key) => resolveVersion('pump', route, null, key));
    expect(versions).toEqual([ofDevice2, ofDevice1]);
  });
});
