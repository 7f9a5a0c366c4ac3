import { describe, expect, it } from 'vitest';
import type { Route } from '../../registry/route.ts';
import { routeSchema } from '../../registry/route.ts';
import { type RoutingAction, routeActionSchema } from '../../registry/route-action.ts';
import { nextRoute } from '../../registry/transition.ts';
import { resolveVersion } from '../../worker/routing/resolve.ts';

const context = { model: 'pump', actor: 'ann', at: new Date('2026-11-23T10:00:00Z') };

/** The route after some actions, each checked against the schema of what is stored. */
function routeAfter(...actions: RoutingAction[]): Route {
  const route = actions.reduce<Route | null>((current, action) => nextRoute(current, action, context), null);
  return routeSchema.parse(route);
}

function apply(current: Route | null, action: RoutingAction): Route {
  return nextRoute(current, action, context);
}

const activate = (version: string): RoutingAction => ({ action: 'activate', version });
const canary = (version: string, percent: number): RoutingAction => ({ action: 'canary', version, percent });
const shadow = (version: string | null, percent?: number): RoutingAction => ({ action: 'shadow', version, percent });
const alias = (name: string, version: string | null): RoutingAction => ({ action: 'alias', name, version });
const conflict = (text: string) =>
  expect.objectContaining({ code: 'CONFLICT', message: expect.stringContaining(text) });

describe('activate', () => {
  it('makes the version stable at the first epoch, with who, when, what and why', () => {
    expect(nextRoute(null, { action: 'activate', version: '1', reason: 'first' }, context)).toEqual({
      schema: 1,
      model: 'pump',
      epoch: 1,
      aliases: { stable: '1' },
      previous: [],
      rollout: null,
      shadow: null,
      audit: { actor: 'ann', at: '2026-11-23T10:00:00.000Z', action: 'activate', reason: 'first' },
    });
    expect(nextRoute(null, activate('1'), context).audit).not.toHaveProperty('reason');
  });

  it('changes nothing if the version is stable already', () => {
    const route = routeAfter(activate('1'));
    expect(apply(route, activate('1'))).toBe(route);
  });

  it('ends the rollout of the version it activates', () => {
    const route = routeAfter(activate('1'), canary('2', 5), activate('2'));
    expect(route).toMatchObject({ epoch: 3, aliases: { stable: '2' }, rollout: null });
    expect(route.aliases).not.toHaveProperty('canary');
  });

  it('is refused while another version is rolled out', () => {
    const route = routeAfter(activate('1'), canary('2', 5));
    expect(() => apply(route, activate('3'))).toThrow(conflict('promote or abort'));
  });

  it('ends the shadow of the version it activates and keeps other aliases', () => {
    const route = routeAfter(activate('1'), alias('lab', '3'), shadow('2', 10), activate('2'));
    expect(route).toMatchObject({ aliases: { stable: '2', lab: '3' }, shadow: null });
  });
});

describe('canary', () => {
  it('gives a version a share beside stable', () => {
    const route = routeAfter(activate('1'), canary('2', 5));
    expect(route).toMatchObject({ aliases: { stable: '1', canary: '2' }, rollout: { version: '2', percent: 5 } });
  });

  it('keeps the salt when the share changes, so that 5 % is a subset of 20 %', () => {
    const five = routeAfter(activate('1'), canary('2', 5));
    const twenty = apply(five, canary('2', 20));
    expect(twenty.rollout).toEqual({ version: '2', percent: 20, salt: five.rollout?.salt, sinceEpoch: 2 });
  });

  it('takes another salt for the next rollout', () => {
    const first = routeAfter(activate('1'), canary('2', 5));
    const second = apply(apply(first, { action: 'abort' }), canary('2', 5));
    expect(second.rollout?.salt).not.toBe(first.rollout?.salt);
  });

  it('carries limits, which stay while the share changes, until others come or null takes them away', () => {
    const limits = { errorShare: 0.01, minRequests: 100 };
    const limited = routeAfter(activate('1'), { action: 'canary', version: '2', percent: 5, limits });
    expect(limited.rollout).toMatchObject({ limits, sinceEpoch: 2 });
    const grown = apply(limited, canary('2', 20));
    expect(grown.rollout).toMatchObject({ percent: 20, limits, sinceEpoch: 2 });
    const other = { drift: 0.2, minRequests: 10 };
    const changed = apply(grown, { action: 'canary', version: '2', percent: 20, limits: other });
    expect(changed).toMatchObject({ epoch: 4, rollout: { limits: other } });
    const free = apply(changed, { action: 'canary', version: '2', percent: 20, limits: null });
    expect(free.rollout).not.toHaveProperty('limits');
    const again = apply(apply(limited, { action: 'abort' }), canary('2', 5));
    expect(again.rollout).toMatchObject({ sinceEpoch: 4 });
    expect(again.rollout).not.toHaveProperty('limits');
  });

  it('takes a limit on disagreement only for a version that runs as a shadow too', () => {
    const limited: RoutingAction = {
      ...{ action: 'canary', version: '2', percent: 5 },
      limits: { disagreementShare: 0.01, minRequests: 100 },
    };
    expect(() => apply(routeAfter(activate('1')), limited)).toThrow(conflict('as a shadow'));
    expect(() => apply(routeAfter(activate('1'), shadow('3', 5)), limited)).toThrow(conflict('as a shadow'));
    expect(apply(routeAfter(activate('1'), shadow('2', 5)), limited).rollout).toMatchObject({ version: '2' });
  });

  it('keeps the shadow that a limit on disagreement needs for as long as that limit stands', () => {
    const limits = { disagreementShare: 0.01, minRequests: 100 };
    const limited: RoutingAction = { action: 'canary', version: '2', percent: 5, limits };
    const route = routeAfter(activate('1'), shadow('2', 5), limited);
    for (const action of [shadow(null), shadow('2', 0), shadow('3', 5)]) {
      expect(() => apply(route, action)).toThrow(conflict("limit on disagreement of the canary '2'"));
    }
    expect(apply(route, shadow('2', 50)).shadow).toEqual({ version: '2', percent: 50 });
    expect(apply(apply(route, { ...limited, limits: null }), shadow(null)).shadow).toBeNull();
    expect(apply(apply(route, { action: 'abort' }), shadow(null)).shadow).toBeNull();
    expect(apply(route, { action: 'promote' })).toMatchObject({ rollout: null, shadow: null });
  });

  it('keeps a device on its side through 5, 20, 50 and 100 percent, whatever else is changed meanwhile', () => {
    const side = (route: Route, key: string) => resolveVersion('pump', route, null, key);
    const steps = [5, 20, 50, 100].flatMap((percent, at) => [canary('2', percent), alias(`a${at}`, '1')]);
    const keys = Array.from({ length: 2_000 }, (_, index) => `device-${index}`);
    let route = routeAfter(activate('1'));
    let before = keys.map((key) => side(route, key));
    for (const step of steps) {
      route = apply(route, step);
      const after = keys.map((key) => side(route, key));
      expect(after.filter((version, index) => version === '1' && before[index] === '2')).toEqual([]);
      before = after;
    }
    expect(new Set(before)).toEqual(new Set(['2']));
  });

  it('is refused for the stable version, without one, and beside another rollout', () => {
    expect(() => apply(routeAfter(activate('1')), canary('1', 5))).toThrow(conflict('stable already'));
    expect(() => apply(null, canary('1', 5))).toThrow(conflict('activate one first'));
    expect(() => apply(routeAfter(activate('1'), canary('2', 5)), canary('3', 5))).toThrow(conflict("'2' is being"));
  });
});

describe('promote and abort', () => {
  it('promote makes the canary stable', () => {
    const route = routeAfter(activate('1'), canary('2', 50), { action: 'promote' });
    expect(route).toMatchObject({ aliases: { stable: '2' }, rollout: null });
    expect(route.aliases).not.toHaveProperty('canary');
  });

  it('promote is refused without a rollout', () => {
    expect(() => apply(routeAfter(activate('1')), { action: 'promote' })).toThrow(
      conflict('there is no canary to promote; begin one'),
    );
  });

  it('abort gives all traffic back to stable', () => {
    const route = routeAfter(activate('1'), canary('2', 50), { action: 'abort' });
    expect(route).toMatchObject({ aliases: { stable: '1' }, rollout: null });
    expect(route.aliases).not.toHaveProperty('canary');
  });

  it('abort without a rollout changes nothing, and without a route is refused', () => {
    const route = routeAfter(activate('1'));
    expect(apply(route, { action: 'abort' })).toBe(route);
    expect(() => apply(null, { action: 'abort' })).toThrow(conflict('no route yet'));
  });
});

describe('rollback', () => {
  it('goes to the version that was stable before', () => {
    const route = apply(routeAfter(activate('1'), activate('2')), { action: 'rollback' });
    expect(route).toMatchObject({ epoch: 3, aliases: { stable: '1' }, audit: { action: 'rollback' } });
  });

  it('goes further back each time, never forward to what was rolled back from', () => {
    const thrice = routeAfter(activate('1'), activate('2'), activate('3'));
    const once = apply(thrice, { action: 'rollback' });
    expect(once).toMatchObject({ aliases: { stable: '2' }, previous: ['1'] });
    const twice = apply(once, { action: 'rollback' });
    expect(twice).toMatchObject({ aliases: { stable: '1' }, previous: [] });
    expect(() => apply(twice, { action: 'rollback' })).toThrow(conflict("before '1'"));
    expect(apply(thrice, { action: 'rollback', version: '1' })).toMatchObject({ previous: [] });
  });

  it('comes back from a version that was activated again, and from a promoted one', () => {
    const again = routeAfter(activate('1'), activate('2'), { action: 'rollback' }, activate('2'), {
      action: 'rollback',
    });
    expect(again.aliases).toEqual({ stable: '1' });
    const promoted = routeAfter(activate('1'), canary('2', 5), { action: 'promote' }, alias('lab', '3'));
    expect(apply(promoted, { action: 'rollback' }).aliases).toEqual({ stable: '1', lab: '3' });
  });

  it('to a version that was never stable remembers what was', () => {
    const route = apply(routeAfter(activate('1'), activate('2')), { action: 'rollback', version: '0' });
    expect(route).toMatchObject({ aliases: { stable: '0' }, previous: ['1'] });
  });

  it('remembers the last 16 versions', () => {
    const route = routeAfter(...Array.from({ length: 20 }, (_, index) => activate(String(index))));
    expect(route.previous).toEqual(Array.from({ length: 16 }, (_, index) => String(18 - index)));
  });

  it('goes to a named version and ends a rollout, also if stable stays', () => {
    const route = routeAfter(activate('1'), canary('2', 5));
    expect(apply(route, { action: 'rollback', version: '0' })).toMatchObject({
      aliases: { stable: '0' },
      rollout: null,
    });
    expect(apply(route, { action: 'rollback', version: '1' })).toMatchObject({
      aliases: { stable: '1' },
      rollout: null,
    });
  });

  it('is refused where there is nothing to go back to', () => {
    expect(() => apply(routeAfter(activate('1')), { action: 'rollback' })).toThrow(conflict("before '1'"));
    expect(() => apply(null, { action: 'rollback', version: '1' })).toThrow(conflict('no active version'));
  });
});

it('a rollback to the version that is stable forgets none of those before it', () => {
  const route = routeAfter(activate('1'), activate('2'), activate('1'), canary('3', 5));
  const back = apply(route, { action: 'rollback', version: '1' });
  expect(back).toMatchObject({ epoch: 5, aliases: { stable: '1' }, previous: ['2', '1'], rollout: null });
});

it('a rollout from before its beginning was kept goes on without it', () => {
  const { rollout, ...route } = routeAfter(activate('1'), canary('2', 5));
  const { sinceEpoch: _, ...old } = rollout ?? { version: '', percent: 0, salt: '' };
  const next = apply({ ...route, rollout: old }, canary('2', 20));
  expect(next.rollout).toStrictEqual({ version: '2', percent: 20, salt: 'pump/2/2' });
});

describe('shadow', () => {
  it('ends with null, whatever share is named beside it', () => {
    expect(apply(routeAfter(activate('1'), shadow('2', 10)), shadow(null, 5)).shadow).toBeNull();
  });

  it('starts, changes and ends with null or 0 percent', () => {
    const route = routeAfter(activate('1'), shadow('2', 10));
    expect(route.shadow).toEqual({ version: '2', percent: 10 });
    expect(apply(route, shadow('2', 20)).shadow).toEqual({ version: '2', percent: 20 });
    expect(apply(route, shadow('2', 0)).shadow).toBeNull();
    expect(apply(route, shadow(null)).shadow).toBeNull();
  });

  it('is refused for the stable version, as a canary is', () => {
    const route = routeAfter(activate('1'));
    expect(() => apply(route, shadow('1', 10))).toThrow(
      conflict("cannot shadow with version '1', it is stable already"),
    );
    expect(() => apply(route, canary('1', 10))).toThrow(conflict("cannot roll out version '1', it is stable already"));
  });
});

describe('alias', () => {
  it('is set, moved and removed', () => {
    const set = routeAfter(alias('lab', '1'));
    expect(set.aliases).toEqual({ lab: '1' });
    const moved = apply(set, alias('lab', '2'));
    expect(moved.aliases).toEqual({ lab: '2' });
    expect(apply(moved, alias('lab', null))).toMatchObject({ epoch: 3, aliases: {} });
  });

  it('works for names that objects inherit', () => {
    const route = routeAfter(alias('constructor', '1'));
    expect(route.aliases).toEqual({ constructor: '1' });
    expect(apply(route, alias('constructor', '1'))).toBe(route);
  });

  it.each([
    ['stable', "'activate' or 'rollback'"],
    ['canary', "'canary', 'promote' or 'abort'"],
  ])('does not move %s, and says what does', (name, actions) => {
    const message = `alias '${name}' is moved by the actions ${actions}`;
    expect(() => apply(routeAfter(activate('1')), alias(name, '2'))).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message }),
    );
  });

  it('is refused beyond 16 names', () => {
    const names = Array.from({ length: 15 }, (_, index) => alias(`a${index}`, '1'));
    const route = routeAfter(activate('1'), ...names);
    expect(() => apply(route, alias('more', '1'))).toThrow(conflict('at most 16'));
    expect(apply(route, alias('a0', null)).aliases).not.toHaveProperty('a0');
  });
});

describe('routeActionSchema', () => {
  it.each([
    [{ action: 'activate' }, 'version'],
    [{ action: 'canary', version: '2', percent: 101 }, 'percent'],
    [{ action: 'canary', version: '2', percent: 1, limits: {} }, 'at least one of errorShare'],
    [{ action: 'canary', version: '2', percent: 1, limits: { errorShare: 2 } }, 'errorShare'],
    [{ action: 'shadow', version: '2' }, 'percent'],
    [{ action: 'alias', name: 'v2', version: '2' }, 'name'],
    [{ action: 'activate', version: '1', percent: 5 }, 'percent'],
    [{ action: 'explode' }, 'action'],
  ])('refuses %j naming %s', (action, field) => {
    const { error } = routeActionSchema.safeParse(action);
    expect(JSON.stringify(error?.issues)).toContain(field);
  });
});
