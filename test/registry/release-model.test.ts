// Releases and retirements as a state machine: two operators whose every storage write is a step of its own, taken in any order. A write can be
// refused, its answer lost, the process ended before or after it. Whatever happens, the stores make sense after each step, and
// what was left half-way can be repeated or is put right by the scheduled repair.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RouteChange } from '../../registry/append-route.ts';
import { PopserveError } from '../../registry/errors.ts';
import { manifestBlobs, manifestText, readManifest } from '../../registry/manifest.ts';
import { Registry } from '../../registry/registry.ts';
import { settledAfterMs } from '../../registry/retirement.ts';
import { type Route, routedVersions } from '../../registry/route.ts';
import type { RouteAction } from '../../registry/route-action.ts';
import { writeIntervalMs, writePatiently } from '../../registry/write-rate.ts';
import { intercept } from './intercept.ts';
import { createMemoryStores } from './memory-stores.ts';
import { sampleRelease, upload } from './sample-release.ts';
import type { TimedStores } from './write-rate-double.ts';

const now = () => new Date('2026-11-23T10:00:00Z');
/** After whatever was left half-way. */
const later = () => new Date(Date.now() + settledAfterMs + 1);
const names = ['ann', 'bob'] as const;
type Name = (typeof names)[number];

interface Release {
  action: RouteAction;
  /** The content of the version; the same version with other content is refused. */
  content: string;
}
type Task = Release | { retire: string };

/** The fate of the write that an operator is about to make. */
type Fate = 'done' | 'refused' | 'answer-lost' | 'ends-before' | 'ends-after';

async function carryOut(registry: Registry, task: Task, actor: string): Promise<RouteChange | 'retired'> {
  if ('retire' in task) {
    await registry.deleteVersion('pump', task.retire);
    return 'retired';
  }
  const { action, content } = task;
  if ('version' in action && action.version != null) {
    await upload(registry, await sampleRelease('pump', action.version, `${action.version} ${content}`));
  }
  return await registry.appendRoute('pump', action, { actor });
}

/** An operator's process, which stands still before each write until it is told what becomes of it. */
class Process {
  readonly task: Task;
  result: RouteChange | 'retired' | Error | null = null;
  dead = false;
  disturbed = false;
  #waiting: { name: string; go: (fate: Fate) => void }[] = [];
  #moved = Promise.withResolvers<void>();

  private constructor(task: Task) {
    this.task = task;
  }

  static async begin(name: Name, task: Task, stores: TimedStores): Promise<Process> {
    const process = new Process(task);
    const registry = new Registry({ ...intercept(stores, (call, act) => process.#pass(call, act)), now });
    // As the command does: what was refused because of another's write is repeated.
    writePatiently(stores.pause, () => carryOut(registry, task, name))
      .catch((error: Error) => error)
      .then((result) => {
        process.result = result;
        process.#moved.resolve();
      });
    await process.#moved.promise;
    return process;
  }

  /** @returns the write that it was about */
  async step(fate: Fate): Promise<string> {
    this.#moved = Promise.withResolvers();
    const waiting = this.#waiting.splice(0);
    for (const { go } of waiting) go(fate);
    await this.#moved.promise;
    return waiting[0]?.name ?? '';
  }

  async #pass(name: string, act: () => Promise<unknown>): Promise<unknown> {
    if (this.dead) throw new Error('the process has ended');
    if (!/\.(create|append|put|retire|settleRetirement)$/.test(name)) return await act();
    const fate = await new Promise<Fate>((go) => {
      this.#waiting.push({ name, go });
      this.#moved.resolve();
    });
    this.disturbed ||= fate !== 'done';
    this.dead ||= fate === 'ends-before' || fate === 'ends-after';
    const answer = fate === 'refused' || fate === 'ends-before' ? null : await act();
    if (fate !== 'done') throw new Error(`${name}: ${fate}`);
    return answer;
  }
}

/** The stores, and what must be true of them after each step. */
class World {
  readonly stores = createMemoryStores();
  readonly registry = new Registry({ ...this.stores, now });
  readonly running = new Map<Name, Process>();
  /** The last task of an operator that did not come to its end. */
  readonly leftUndone = new Map<Name, Task>();
  log: Route[] = [];
  /** The first content of each version: it is never anything else, though it may be retired in between. */
  readonly #manifests = new Map<string, string>();
  readonly #seen = new Set<string>();
  readonly #winners = new Map<number, Name>();

  /** @param written name of the write that was just made, if one was */
  async check(written: string | null): Promise<void> {
    const log: Route[] = [];
    for (let route = await this.stores.routes.get('pump', 1); route; ) {
      log.push(route);
      route = await this.stores.routes.get('pump', route.epoch + 1);
    }
    // Dense, nothing rewritten, one route a time, and only by the write of a route: until then the old one serves.
    expect(log.slice(0, this.log.length)).toEqual(this.log);
    expect(log.at(-1) ?? null).toEqual(await this.stores.routes.newest('pump'));
    expect(log.length - this.log.length).toBeLessThanOrEqual(written === 'routes.append' ? 1 : 0);
    this.log = log;
    const versions = (await this.stores.manifests.listVersions('pump')).versions.map(({ version }) => version);
    const aside = (await this.stores.manifests.listRetiring()).map(({ version }) => version);
    for (const version of versions) {
      const text = (await this.stores.manifests.get('pump', version)) ?? '';
      expect(text).toBe(this.#manifests.get(version) ?? text);
      this.#manifests.set(version, text);
      this.#seen.add(text);
      for (const digest of manifestBlobs(readManifest(text, 'pump', version))) {
        expect(await this.stores.blobs.head(digest)).not.toBeNull();
      }
    }
    // A manifest that is being retired may be away for a moment, but not lost.
    const newest = log.at(-1);
    for (const version of newest ? routedVersions(newest) : []) expect([...versions, ...aside]).toContain(version);
    const copy = await this.stores.copies.get('pump');
    if (!copy) return;
    expect(copy.route).toEqual(log[copy.route.epoch - 1]);
    expect(Object.keys(copy.manifests).sort()).toEqual(routedVersions(copy.route).toSorted());
    for (const manifest of Object.values(copy.manifests)) expect(this.#seen).toContain(manifestText(manifest));
  }

  /** Nobody is at work: the repair puts right what was left half-way, and the collection takes nothing that is needed. */
  async rest(): Promise<void> {
    const registry = new Registry({ ...this.stores, now: later });
    await this.stores.pause(settledAfterMs);
    await registry.collectGarbage({ dryRun: false, graceSeconds: 0 });
    await registry.repair();
    await registry.collectGarbage({ dryRun: false, graceSeconds: 0 });
    expect(await this.stores.manifests.listRetiring()).toEqual([]);
    const newest = await registry.readNewest('pump');
    expect(newest?.route).toEqual(this.log.at(-1));
    for (const manifest of Object.values(newest?.manifests ?? {})) {
      for (const digest of manifestBlobs(manifest)) expect(await registry.hasBlob(digest)).not.toBeNull();
    }
    expect(await registry.readCopy('pump')).toEqual(newest);
  }

  /** One of two writers of an epoch wins; the other is told, and nobody is told anything else. */
  finish(name: Name, { result, dead, disturbed, task }: Process): void {
    this.running.delete(name);
    if (dead || (disturbed && result instanceof Error)) this.leftUndone.set(name, task);
    else this.leftUndone.delete(name);
    if (dead || result === null) return;
    if (result instanceof Error) {
      // Not there: retired before, or by the other one meanwhile.
      if (!disturbed) expect(['CONFLICT', 'NOT_FOUND']).toContain((result as PopserveError).code);
      return;
    }
    if (result === 'retired') return;
    expect(this.log[result.route.epoch - 1]).toEqual(result.route);
    if (!result.created) return;
    expect(this.#winners.has(result.route.epoch)).toBe(false);
    expect(result.route.audit.actor).toBe(name);
    this.#winners.set(result.route.epoch, name);
  }

  /** The task of an operator that ended half-way, a second later and undisturbed. */
  async repeat(name: Name, task: Task): Promise<void> {
    this.leftUndone.delete(name);
    const before = this.log.at(-1);
    await this.stores.pause(writeIntervalMs);
    const result = await carryOut(this.registry, task, name).catch((error: unknown) => error);
    if (result instanceof Error) {
      expect(result).toBeInstanceOf(PopserveError);
      const { code } = result as PopserveError;
      if ('retire' in task) return expect(['CONFLICT', 'NOT_FOUND']).toContain(code);
      const { action, content } = task;
      // All that one could roll back to may have been retired.
      expect(action.action === 'rollback' ? ['CONFLICT', 'NOT_FOUND'] : ['CONFLICT']).toContain(code);
      if (action.action !== 'activate') return;
      // Only a rollout of another version, or other content, stands in the way of an activation.
      const { digest } = await sampleRelease('pump', action.version, `${action.version} ${content}`);
      // Retired it is known by what it was; this very try may have been the first to register it.
      const text = this.#manifests.get(action.version) ?? (await this.stores.manifests.get('pump', action.version));
      const stored = readManifest(text ?? '', 'pump', action.version);
      const rolledOut = before?.rollout && before.rollout.version !== action.version;
      expect(rolledOut || stored.artifacts.model.digest !== digest).toBe(true);
      return;
    }
    if ('retire' in task) return;
    const { action } = task;
    const { route, copyPending } = result as RouteChange;
    expect(copyPending).toBe(false);
    expect((await this.registry.readCopy('pump'))?.route).toEqual(route);
    if (action.action === 'activate')
      expect(route).toMatchObject({ aliases: { stable: action.version }, rollout: null });
    if (action.action === 'canary') expect(route.rollout).toMatchObject({ version: action.version });
    if (!('version' in action)) return;
    // Idempotent from here on.
    await this.stores.pause(writeIntervalMs);
    expect(await carryOut(this.registry, task, name)).toEqual({ route, created: false, copyPending: false });
  }
}

interface State {
  running: Set<Name>;
  leftUndone: Set<Name>;
}

abstract class Step implements fc.AsyncCommand<State, World> {
  readonly name: Name;
  constructor(name: Name) {
    this.name = name;
  }
  abstract check(state: Readonly<State>): boolean;
  abstract act(world: World): Promise<string | null>;
  abstract toString(): string;

  async run(state: State, world: World): Promise<void> {
    const written = await this.act(world);
    await world.check(written);
    const process = world.running.get(this.name);
    if (process?.result) world.finish(this.name, process);
    state.running = new Set(world.running.keys());
    state.leftUndone = new Set(world.leftUndone.keys());
  }
}

class Begin extends Step {
  readonly task: Task;
  constructor(name: Name, task: Task) {
    super(name);
    this.task = task;
  }
  check = ({ running }: Readonly<State>) => !running.has(this.name);
  async act(world: World): Promise<null> {
    world.running.set(this.name, await Process.begin(this.name, this.task, world.stores));
    return null;
  }
  toString = () => `${this.name} begins ${JSON.stringify(this.task)}`;
}

class Rest extends Step {
  check = ({ running }: Readonly<State>) => running.size === 0;
  async act(world: World): Promise<null> {
    await world.rest();
    return null;
  }
  toString = () => 'nobody is at work: repair and collection';
}

class Write extends Step {
  readonly fate: Fate;
  constructor(name: Name, fate: Fate) {
    super(name);
    this.fate = fate;
  }
  check = ({ running }: Readonly<State>) => running.has(this.name);
  async act(world: World): Promise<string | null> {
    return (await world.running.get(this.name)?.step(this.fate)) ?? null;
  }
  toString = () => `${this.name} writes: ${this.fate}`;
}

class Repeat extends Step {
  check = ({ running, leftUndone }: Readonly<State>) => !running.has(this.name) && leftUndone.has(this.name);
  async act(world: World): Promise<string | null> {
    const task = world.leftUndone.get(this.name);
    if (task) await world.repeat(this.name, task);
    return 'routes.append';
  }
  toString = () => `${this.name} repeats`;
}

const name = fc.constantFrom(...names);
const version = fc.constantFrom('1', '2', '3');
const action: fc.Arbitrary<RouteAction> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ action: fc.constant('activate' as const), version }) },
  {
    weight: 2,
    arbitrary: fc.record({ action: fc.constant('canary' as const), version, percent: fc.constantFrom(5, 50) }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<RouteAction[]>({ action: 'rollback' }, { action: 'promote' }, { action: 'abort' }),
  },
);
const content = fc.oneof({ weight: 9, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constant('changed') });
const fate = fc.constantFrom<Fate[]>('refused', 'answer-lost', 'ends-before', 'ends-after');
const write = name.map((each) => new Write(each, 'done'));
const commands = fc.commands(
  [
    fc.tuple(name, fc.record({ action, content })).map(([each, task]) => new Begin(each, task)),
    fc.tuple(name, fc.record({ retire: version })).map(([each, task]) => new Begin(each, task)),
    ...[write, write, write, write],
    fc.tuple(name, fate).map(([each, what]) => new Write(each, what)),
    name.map((each) => new Repeat(each)),
    name.map((each) => new Rest(each)),
  ],
  { maxCommands: 60, size: 'max' },
);

it('releases and retirements of two operators, ended anywhere, leave the old version or the new one with all it needs', async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (steps) => {
      const world = new World();
      const setup = () => ({ model: { running: new Set<Name>(), leftUndone: new Set<Name>() }, real: world });
      await fc.asyncModelRun(setup, steps);
      for (const [each, process] of world.running) {
        while (process.result === null) await world.check(await process.step('done'));
        world.finish(each, process);
      }
      for (const [each, task] of [...world.leftUndone]) {
        await world.repeat(each, task);
        await world.check('routes.append');
      }
      // The scheduled repair completes what nobody repeats.
      await world.rest();
    }),
    { numRuns: 200 },
  );
});
