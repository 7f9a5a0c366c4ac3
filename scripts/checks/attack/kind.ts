// A kind of attack, and what is told of it.
import type { Identity, Target } from './target.ts';

/** One way to attack, sent again and again while a victim is watched. */
export interface Flood {
  readonly name: string;
  /** One line for people. */
  readonly about: string;
  /** Attacking requests per second. A key may send 100, an address without one 10. */
  readonly perSecond: number;
  /** Made before anything is measured. */
  prepare(target: Target, attacker: Identity): Promise<Attack> | Attack;
}

export interface Attack {
  /** One attacking request, to its end. @returns what it got: a status, or how its connection ended */
  fire(): Promise<string>;
  /** Each request that it sends in turn, to be measured alone; absent where requests are not over by themselves. */
  readonly each?: readonly ((attacker: Identity) => Promise<string>)[];
  /** Lets go of what is still held. */
  end(): Promise<void> | void;
}

/** An attack that is a story of its own, on a PoP of its own. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  run(options: { readonly seconds: number }): Promise<KindReport>;
}

export type Kind = Flood | Scenario;

export interface Latency {
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly count: number;
}

export interface KindReport {
  readonly name: string;
  readonly quiet: Latency | null;
  readonly during: Latency | null;
  /** Each fault that a victim saw, and how often. */
  readonly victimErrors: Readonly<Record<string, number>>;
  readonly fired: number;
  /** What the attack got. */
  readonly got: Readonly<Record<string, number>>;
  /**
   * Processor time of workerd, all threads: of the dearest request alone or, where they cannot be alone, per request beyond what the
   * victim costs. Null where the system does not tell.
   */
  readonly cpuMs: number | null;
  /** The most that the isolate held after a collection. */
  readonly heldBytes: number | null;
  /** The most that it took with garbage in it. */
  readonly seenBytes: number | null;
  /** Each as a sentence; empty if all is as it should be. */
  readonly faults: readonly string[];
}

export function count(into: Record<string, number>, what: string): void {
  into[what] = (into[what] ?? 0) + 1;
}
