// Judges every answer from outside: what the releases' constants, the route log and the isolate's own earlier answers allow.
// It knows nothing of the Worker's code.
import type { FaultKind } from './network/faults.ts';
import type { Release } from './releases.ts';

/** A route as the oracle reads it out of the log. */
export interface LoggedRoute {
  readonly epoch: number;
  readonly aliases: Readonly<Record<string, string>>;
  readonly audit?: { readonly actor: string };
  readonly rollout: { readonly version: string; readonly percent: number; readonly salt: string } | null;
}

export interface Asked {
  /** Name of the isolate, which a restart replaces. */
  readonly isolate: string;
  readonly x: readonly [number, number];
  /** Version or alias in the path; null for the default. */
  readonly requested: string | null;
  readonly minEpoch: number | null;
  readonly key: string;
  /** The isolate's highest epoch that was known when the request was sent. */
  readonly knownEpoch: number;
  /** The isolate had all in memory that the default needs before the request was sent. */
  readonly warm: boolean;
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** The invariants that can be broken. */
export type Breach =
  | 'mixed' // version, digest, epoch and outputs do not belong together
  | 'epoch-fell' // an isolate answered from a lower epoch than it had before
  | 'below-min-epoch'
  | 'side-changed' // a device left its side of a rollout
  | 'lost' // no answer although nothing but a release can have been the cause
  | 'refused-badly'; // a refusal that a fault explains, but not as 503 with a message

export interface Verdict {
  readonly breach: Breach | null;
  readonly detail: string;
  readonly epoch: number | null;
  readonly version: string | null;
  /** Refused, and a fault explains it. */
  readonly excused: boolean;
}

interface Sides {
  /** Smallest share at which the device was seen on the canary's side. */
  canaryFrom: number;
  /** Largest share at which it was seen on the stable side. */
  stableTo: number;
}

/**
 * Faults that can cost a request that needs R2. KV is not among them (R2 stands in for it), nor is mere slowness; a clock that
 * stands still keeps a version that failed before from being tried again.
 */
const failing: readonly FaultKind[] = ['r2-errors', 'blob-truncated', 'blob-corrupted', 'cut-off', 'clock-stopped'];

export class Oracle {
  readonly #releases: ReadonlyMap<string, Release>;
  readonly #routes = new Map<number, LoggedRoute>();
  readonly #epochs = new Map<string, number>();
  readonly #sides = new Map<string, Sides>();
  #newestEpoch = 0;

  constructor(releases: readonly Release[]) {
    this.#releases = new Map(releases.map((release) => [release.version, release]));
  }

  /** A route that stands in the log. */
  learn(route: LoggedRoute): void {
    this.#routes.set(route.epoch, route);
    this.#newestEpoch = Math.max(this.#newestEpoch, route.epoch);
  }

  get newestEpoch(): number {
    return this.#newestEpoch;
  }

  route(epoch: number): LoggedRoute | undefined {
    return this.#routes.get(epoch);
  }

  /** The highest epoch that an isolate has answered from. */
  epochOf(isolate: string): number {
    return this.#epochs.get(isolate) ?? 0;
  }

  /** Every isolate that has answered, with the highest epoch that it has answered from. */
  isolates(): [string, number][] {
    return [...this.#epochs];
  }

  /** @param faults that the PoP had while, and shortly before, the request was on its way */
  judge(asked: Asked, answer: Answered, faults: ReadonlySet<FaultKind>): Verdict {
    if (answer.status === 200) return this.#judgeAnswer(asked, answer, faults);
    return judgeRefusal(asked, answer, faults);
  }

  #judgeAnswer(asked: Asked, { headers, body }: Answered, faults: ReadonlySet<FaultKind>): Verdict {
    const parsed = parse(body);
    const version = headers['popserve-version'] ?? '';
    const epoch = Number(headers['popserve-epoch']);
    const verdict = (breach: Breach | null, detail = ''): Verdict => ({
      breach,
      detail,
      epoch,
      version,
      excused: false,
    });
    const release = this.#releases.get(version);
    const route = this.#routes.get(epoch);
    if (!release) return verdict('mixed', `no such version '${version}'`);
    const [y0 = Number.NaN, y1 = Number.NaN] = parsed.outputs?.[0]?.data ?? [];
    const constants = [y0 - asked.x[0], y1 - asked.x[1]];
    if (!constants.every((constant) => Math.abs(constant - release.constant) <= 0.01)) {
      return verdict('mixed', `version ${version} adds ${release.constant}, the answer added ${constants}`);
    }
    if (parsed.model_version !== version) return verdict('mixed', `header ${version}, body ${parsed.model_version}`);
    if (headers['popserve-digest'] !== release.digest) return verdict('mixed', `not the digest of version ${version}`);
    if (!route) return verdict('mixed', `epoch ${epoch} is not in the log`);
    const insteadOf = headers['popserve-instead-of'] ?? null;
    const unnamed = faultOfVersion(asked.requested, version, route, insteadOf);
    if (unnamed !== null) return verdict('mixed', unnamed);
    if (epoch < asked.knownEpoch) return verdict('epoch-fell', `${asked.isolate}: ${asked.knownEpoch}, then ${epoch}`);
    if (asked.minEpoch !== null && epoch < asked.minEpoch) {
      return verdict('below-min-epoch', `asked for ${asked.minEpoch}, got ${epoch}`);
    }
    this.#epochs.set(asked.isolate, Math.max(this.epochOf(asked.isolate), epoch));
    if (insteadOf !== null) {
      const excused = !this.#releases.has(insteadOf) || failing.some((kind) => faults.has(kind));
      return excused
        ? verdict(null)
        : verdict('side-changed', `${asked.isolate}: ${insteadOf} was not to be had, without a fault`);
    }
    const moved = asked.requested === null ? this.#judgeSide(asked.key, version, route) : null;
    return moved === null ? verdict(null) : verdict('side-changed', `${asked.isolate}, epoch ${epoch}: ${moved}`);
  }

  /** Whatever the hash is: within one rollout, a device that was canary at a share is canary at every larger one. */
  #judgeSide(key: string, version: string, { rollout }: LoggedRoute): string | null {
    if (!rollout) return null;
    const place = `${rollout.salt} ${key}`;
    const sides = this.#sides.get(place) ?? { canaryFrom: Number.POSITIVE_INFINITY, stableTo: -1 };
    if (version === rollout.version) sides.canaryFrom = Math.min(sides.canaryFrom, rollout.percent);
    else sides.stableTo = Math.max(sides.stableTo, rollout.percent);
    this.#sides.set(place, sides);
    if (sides.canaryFrom > sides.stableTo) return null;
    return `device ${key}: canary at ${sides.canaryFrom} %, stable at ${sides.stableTo} %`;
  }
}

function parse(body: string): { model_version?: string; outputs?: { data?: number[] }[] } {
  try {
    return JSON.parse(body) as ReturnType<typeof parse>;
  } catch {
    return {};
  }
}

function faultOfVersion(
  requested: string | null,
  version: string,
  { aliases, rollout, epoch }: LoggedRoute,
  insteadOf: string | null,
): string | null {
  if (insteadOf !== null) {
    if (requested === null && rollout?.version === insteadOf && rollout.percent > 0 && version === aliases.stable)
      return null;
    return `epoch ${epoch}: version ${version} answered ${requested ?? 'the default'} instead of ${insteadOf}`;
  }
  const allowed = new Set<string | undefined>();
  if (requested === null) {
    if (!rollout || rollout.percent < 100) allowed.add(aliases.stable);
    if (rollout && rollout.percent > 0) allowed.add(rollout.version);
  } else {
    allowed.add(/^\d/.test(requested) ? requested : aliases[requested]);
  }
  if (allowed.has(version)) return null;
  return `epoch ${epoch} gives ${[...allowed].join(' or ')} for ${requested ?? 'the default'}, version ${version} answered`;
}

/**
 * Lost to a release: a request of the default that a warm isolate did not answer with 200, whatever is broken around it (it
 * serves from memory); and any other request that was not answered although its PoP had no fault.
 */
function judgeRefusal(asked: Asked, { status, headers, body }: Answered, faults: ReadonlySet<FaultKind>): Verdict {
  const verdict = (breach: Breach | null, excused = false): Verdict => ({
    breach,
    detail: `${asked.isolate} ${asked.requested ?? 'default'} min-epoch ${asked.minEpoch} ${asked.warm ? 'warm' : 'cold'}: ${status} ${body.slice(0, 300)} (faults: ${[...faults].join(', ') || 'none'})`,
    epoch: null,
    version: null,
    excused,
  });
  const needsStorage = !asked.warm || asked.minEpoch !== null || asked.requested !== null;
  if (!needsStorage || !failing.some((kind) => faults.has(kind))) return verdict('lost');
  const deliberate = status === 503 && headers['retry-after'] !== undefined && body.includes('"error"');
  return deliberate ? verdict(null, true) : verdict('refused-badly');
}
