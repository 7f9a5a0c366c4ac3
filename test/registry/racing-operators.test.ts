// Two operators at one model, in any order of their calls to the stores: the log must read as if they had taken turns.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Registry } from '../../registry/registry.ts';
import type { Route } from '../../registry/route.ts';
import type { RoutingAction } from '../../registry/route-action.ts';
import { Turns } from './intercept.ts';
import { createMemoryStores } from './memory-stores.ts';
import { uploadVersions } from './sample-release.ts';

const now = () => new Date('2026-11-23T10:00:00Z');
const versions = ['1', '2', '3'];

/** The meaning of the log, as simply as possible. */
interface Model {
  /** Versions that were made stable, the current one last; empty before the first. */
  stables: string[];
  canary: { version: string; percent: number } | null;
  shadow: { version: string; percent: number } | null;
}

const refused = 'refused';

function settle(model: Model, stables: string[]): Model {
  return { stables, canary: null, shadow: model.shadow?.version === stables.at(-1) ? null : model.shadow };
}

function takeTurn(model: Model, action: RoutingAction): Model | typeof refused {
  const stable = model.stables.at(-1);
  const push = (version: string) => (version === stable ? model.stables : [...model.stables, version]);
  switch (action.action) {
    case 'activate':
      if (model.canary !== null && model.canary.version !== action.version) return refused;
      return settle(model, push(action.version));
    case 'rollback': {
      const target = action.version ?? model.stables.at(-2);
      if (stable === undefined || target === undefined) return refused;
      if (target === stable) return settle(model, model.stables);
      const place = model.stables.slice(0, -1).lastIndexOf(target);
      return settle(model, place === -1 ? [...model.stables.slice(0, -1), target] : model.stables.slice(0, place + 1));
    }
    case 'canary':
      if (stable === undefined || stable === action.version) return refused;
      if (model.canary !== null && model.canary.version !== action.version) return refused;
      return { ...model, canary: { version: action.version, percent: action.percent } };
    case 'promote':
      return model.canary === null ? refused : settle(model, push(model.canary.version));
    case 'abort':
      return { ...model, canary: null };
    case 'shadow':
      if (action.version === null) return { ...model, shadow: null };
      if (stable === undefined || stable === action.version) return refused;
      return { ...model, shadow: { version: action.version, percent: action.percent ?? 0 } };
    case 'alias':
      return model;
  }
}

function meaning(route: Route): Model {
  const { aliases, previous, rollout, shadow } = route;
  const stables = aliases.stable === undefined ? [] : [...previous.toReversed(), aliases.stable];
  expect(aliases.canary).toBe(rollout?.version);
  return {
    stables,
    canary: rollout && { version: rollout.version, percent: rollout.percent },
    shadow,
  };
}

const version = fc.constantFrom(...versions);
const percent = fc.constantFrom(5, 20);
const action: fc.Arbitrary<RoutingAction> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ action: fc.constant('activate' as const), version }) },
  { weight: 2, arbitrary: fc.constant({ action: 'rollback' as const }) },
  { weight: 1, arbitrary: fc.record({ action: fc.constant('rollback' as const), version }) },
  { weight: 4, arbitrary: fc.record({ action: fc.constant('canary' as const), version, percent }) },
  { weight: 2, arbitrary: fc.constantFrom({ action: 'promote' as const }, { action: 'abort' as const }) },
  { weight: 1, arbitrary: fc.record({ action: fc.constant('shadow' as const), version: fc.option(version), percent }) },
);

async function logOf(registry: Registry): Promise<Route[]> {
  return (await registry.history('pump', { limit: 100 })).routes.toReversed();
}

it('one operator alone gets what the rules say, action by action', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 12 }), async (actions) => {
      const registry = new Registry({ ...createMemoryStores(), now });
      await uploadVersions(registry, 'pump', versions);
      let model: Model = { stables: [], canary: null, shadow: null };
      for (const each of actions) {
        const expected = takeTurn(model, each);
        const result = await registry.appendRoute('pump', each, { actor: 'ann' }).catch((error) => error);
        const before = await registry.currentRoute('pump');
        if (result instanceof Error) {
          expect(result).toMatchObject({ code: 'CONFLICT' });
          // Nothing to change and no route to answer with is a refusal as well.
          expect(expected === refused || before === null).toBe(true);
          continue;
        }
        expect(meaning(result.route)).toEqual(expected);
        expect(result.created).toBe(JSON.stringify(expected) !== JSON.stringify(model));
        model = meaning(result.route);
      }
      expect((await logOf(registry)).map(({ epoch }) => epoch)).toEqual(
        (await logOf(registry)).map((_, index) => index + 1),
      );
    }),
  );
});

it('two operators at once leave a log of turns: dense, one winner per epoch, each turn by the rules', async () => {
  const turns = fc.array(action, { maxLength: 6 });
  let lost = 0;
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), turns, turns, async (scheduler, annActions, bobActions) => {
      const stores = createMemoryStores();
      await uploadVersions(new Registry({ ...stores, now }), 'pump', versions);
      const asked = new Map<Route, RoutingAction>();
      const turnsOfCalls = new Turns(scheduler);
      const operate = async (actor: string, actions: RoutingAction[]) => {
        const registry = new Registry({ ...turnsOfCalls.storesOf(actor, stores), now });
        for (const each of actions) {
          const result = await registry.appendRoute('pump', each, { actor }).catch((error) => error);
          if (result instanceof Error) {
            expect(result).toMatchObject({ code: 'CONFLICT' });
            if (result.message.includes('lost to epoch')) lost++;
          } else if (result.created) asked.set(result.route, each);
        }
      };
      await turnsOfCalls.until(Promise.all([operate('ann', annActions), operate('bob', bobActions)]));

      const registry = new Registry({ ...stores, now });
      const log = await logOf(registry);
      expect(log.map(({ epoch }) => epoch)).toEqual(log.map((_, index) => index + 1));
      const winners = [...asked].sort(([a], [b]) => a.epoch - b.epoch);
      expect(winners.map(([route]) => route)).toEqual(log);

      let model: Model = { stables: [], canary: null, shadow: null };
      for (const [route, each] of winners) {
        const expected = takeTurn(model, each);
        model = meaning(route);
        expect(model).toEqual(expected);
      }
      // A writer that is overtaken again and again leaves the copy to the repair.
      await registry.repair();
      expect((await registry.readCopy('pump'))?.route ?? null).toEqual(log.at(-1) ?? null);
    }),
  );
  // They did race.
  expect(lost).toBeGreaterThan(0);
});

it('a deletion and a release of the same version never leave a route without its manifest', async () => {
  const outcomesSeen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const stores = createMemoryStores();
      const registry = new Registry({ ...stores, now });
      await uploadVersions(registry, 'pump', ['1', '2']);
      await registry.appendRoute('pump', { action: 'activate', version: '1' }, { actor: 'ann' });
      const turns = new Turns(scheduler);
      const registryOf = (actor: string) => new Registry({ ...turns.storesOf(actor, stores), now });
      const outcomes = Promise.allSettled([
        registryOf('ann').appendRoute('pump', { action: 'activate', version: '2' }, { actor: 'ann' }),
        registryOf('bob').deleteVersion('pump', '2'),
      ]);
      const [released, deleted] = await turns.until(outcomes);
      outcomesSeen.add(`${released.status} ${deleted.status}`);

      const newest = await registry.readNewest('pump');
      expect(newest?.route.aliases.stable).toBe(released.status === 'fulfilled' ? '2' : '1');
      expect(Object.keys(newest?.manifests ?? {})).toEqual([newest?.route.aliases.stable]);
    }),
    { numRuns: 500 },
  );
  // Each was first at times, so neither branch above went untried.
  expect([...outcomesSeen]).toEqual(expect.arrayContaining(['fulfilled rejected', 'rejected fulfilled']));
});
