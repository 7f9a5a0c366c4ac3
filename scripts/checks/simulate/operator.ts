// An operator at work: releases, rollouts, rollbacks and the rest through the control plane, chosen by the seed. It may die
// between any two steps, also inside the Worker that writes for it; what it left half-way is for the next release to complete.
import { setTimeout as delay } from 'node:timers/promises';
import type { ModelStatus } from '../../../registry/api/status.ts';
import type { RouteAction } from '../../../registry/route-action.ts';
import type { Random } from '../../random.ts';
import { exchange } from './http-client.ts';
import type { Answered, LoggedRoute } from './oracle.ts';
import type { Release } from './releases.ts';

export interface OperatorOptions {
  readonly name: string;
  readonly model: string;
  readonly port: number;
  readonly token: string;
  readonly random: Random;
  readonly releases: readonly Release[];
  /** A version that loads nowhere: it is rolled out with a limit on errors, and for the guard to end. */
  readonly broken: Release;
  /** The newest route, so that the choices make sense. */
  readonly newest: () => LoggedRoute | undefined;
  /** Lets only so many storage writes through, then none; null: all. */
  readonly allowWrites: (count: number | null) => void;
  /** Share of releases in the middle of which the operator dies. */
  readonly deaths: number;
  /** Real milliseconds of a pause that the control plane asks for. */
  readonly repeatMs: (seconds: number) => number;
}

export interface OperatorCounts {
  readonly actions: Record<string, number>;
  routes: number;
  unchanged: number;
  conflicts: number;
  /** Calls that were refused because of another write to the same key, and repeated. */
  repeated: number;
  /** Refused or unanswered while storage was broken or the operator dead. */
  failed: number;
  deaths: number;
  /** Answers of the control plane that should never come. */
  readonly wrong: string[];
}

/** Route changes, and what else an operator does to the registry. */
type OperatorAction = RouteAction | { action: 'retire'; retired: string } | { action: 'gc' };

/** As many as the command makes. */
const attempts = 5;

/** A rollout goes up in these steps. */
const shares = [5, 20, 50, 100];

export class Operator {
  readonly counts: OperatorCounts = {
    actions: {},
    routes: 0,
    unchanged: 0,
    conflicts: 0,
    repeated: 0,
    failed: 0,
    deaths: 0,
    wrong: [],
  };
  readonly #options: OperatorOptions;

  constructor(options: OperatorOptions) {
    this.#options = options;
  }

  /** @returns the epoch of the new route, null if none came about */
  async act(): Promise<number | null> {
    const { random, deaths, allowWrites } = this.#options;
    const action = this.#choose();
    const dies = random.chance(deaths);
    // A whole release writes a blob, a manifest, a route, and the copy in KV.
    if (dies) {
      this.counts.deaths++;
      allowWrites(Math.floor(random.uniform() * 5));
    }
    try {
      if ('version' in action && action.version) {
        const { releases, broken } = this.#options;
        const release = [...releases, broken].find(({ version }) => version === action.version);
        if (release && !(await this.#upload(release))) return null;
      }
      if (action.action === 'retire') await this.#retire(action.retired);
      else if (action.action === 'gc') await this.#collect();
      else return await this.#route(action);
      return null;
    } finally {
      if (dies) allowWrites(null);
    }
  }

  /** Activates a version, whatever it takes: for the beginning of a run. */
  async begin(version: string): Promise<number> {
    const release = this.#options.releases.find((each) => each.version === version);
    if (!release || !(await this.#upload(release)))
      throw new Error(`version ${version} could not be uploaded: ${this.counts.wrong}`);
    const epoch = await this.#route({ action: 'activate', version });
    if (epoch === null) throw new Error(`version ${version} could not be activated: ${this.counts.wrong}`);
    return epoch;
  }

  async route(action: RouteAction): Promise<number | null> {
    return await this.#route(action);
  }

  async upload(release: Release): Promise<boolean> {
    return await this.#upload(release);
  }

  #choose(): OperatorAction {
    const { random, releases, newest, broken } = this.#options;
    const route = newest();
    const pick = () => releases[Math.floor(random.uniform() * releases.length)]?.version ?? '1';
    if (route?.rollout) {
      const { version, percent } = route.rollout;
      const higher = shares.find((share) => share > percent);
      if (version === broken.version) return random.chance(0.7) ? { action: 'gc' } : { action: 'abort' };
      switch (random.pick({ raise: 5, promote: 2, abort: 2, rollback: 1 })) {
        case 'raise':
          return higher === undefined ? { action: 'promote' } : { action: 'canary', version, percent: higher };
        case 'promote':
          return { action: 'promote' };
        case 'abort':
          return { action: 'abort' };
        case 'rollback':
          return { action: 'rollback' };
      }
    }
    switch (random.pick({ activate: 4, canary: 4, broken: 2, rollback: 2, alias: 1, shadow: 1, retire: 1, gc: 1 })) {
      case 'activate':
        return { action: 'activate', version: pick() };
      case 'canary':
        return { action: 'canary', version: pick(), percent: 5 };
      case 'rollback':
        return { action: 'rollback' };
      case 'broken':
        return {
          action: 'canary',
          version: broken.version,
          percent: 50,
          limits: { errorShare: 0.2, minRequests: 20 },
        };
      case 'shadow':
        return { action: 'shadow', version: pick(), percent: 20 };
      case 'retire': {
        // Devices ask for the first version by its name.
        const version = pick();
        return version === '1' ? { action: 'gc' } : { action: 'retire', retired: version };
      }
      case 'gc':
        return { action: 'gc' };
      case 'alias':
        return { action: 'alias', name: 'pinned', version: pick() };
    }
  }

  async #upload({ manifest, digest, bytes, version }: Release): Promise<boolean> {
    const { model } = this.#options;
    const stored = await this.#call('PUT', `/registry/blobs/${digest}`, bytes);
    if (!this.#expect(stored, [200, 201])) return false;
    const registered = await this.#call(
      'PUT',
      `/registry/models/${model}/versions/${version}`,
      JSON.stringify(manifest),
    );
    return this.#expect(registered, [200, 201]);
  }

  /** Refused while a route names it, or could be rolled back to. */
  async #retire(version: string): Promise<void> {
    this.#count('retire');
    this.#expect(await this.#call('DELETE', `/registry/models/${this.#options.model}/versions/${version}`), [
      ...[200, 204, 404, 409],
    ]);
  }

  async #collect(): Promise<void> {
    this.#count('gc');
    this.#expect(await this.#call('POST', '/registry/gc', '{}'), [200]);
  }

  #count(action: string): void {
    this.counts.actions[action] = (this.counts.actions[action] ?? 0) + 1;
  }

  async #route(action: RouteAction): Promise<number | null> {
    const { model, newest } = this.#options;
    this.#count(action.action);
    // Only a version that was seen as the rollout is promoted.
    const seen: Record<string, string> = action.action === 'promote' ? { 'if-match': `"${newest()?.epoch ?? 0}"` } : {};
    const answer = await this.#call('POST', `/registry/models/${model}/routes`, JSON.stringify(action), seen);
    if (answer.status === 409) {
      this.counts.conflicts++;
      return null;
    }
    if (!this.#expect(answer, [200, 201])) return null;
    if (answer.status === 201) this.counts.routes++;
    else this.counts.unchanged++;
    return (JSON.parse(answer.body) as { route: { epoch: number } }).route.epoch;
  }

  /** The merged reports of the model's Durable Object. */
  async status(): Promise<ModelStatus | null> {
    const answer = await this.#call('GET', `/registry/models/${this.#options.model}/status`);
    return this.#expect(answer, [200]) ? JSON.parse(answer.body) : null;
  }

  /** Repeats what was refused because of another write, as the command does. */
  async #call(
    method: string,
    path: string,
    body: string | Buffer = '',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answered> {
    const { port, token, name, repeatMs } = this.#options;
    const own = { authorization: `Bearer ${token}`, 'popserve-actor': name };
    for (let attempt = 1; ; attempt++) {
      const answer = await exchange(port, method, path, { ...own, ...headers }, body);
      if (answer.status !== 429 || attempt === attempts) return answer;
      this.counts.repeated++;
      await delay(repeatMs(Number(answer.headers['retry-after'])));
    }
  }

  /** Storage that is broken under the control plane may fail a call with a 5xx; anything else is a fault of popserve. */
  #expect(answer: Answered, statuses: readonly number[]): boolean {
    if (statuses.includes(answer.status)) return true;
    this.counts.failed++;
    if (answer.status < 500) this.counts.wrong.push(`${answer.status} ${answer.body.slice(0, 200)}`);
    return false;
  }
}
