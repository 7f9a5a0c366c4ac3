// Device traffic through every PoP, all the time: each request is sent to the isolate that its PoP has at the moment, and each
// answer is judged by the oracle.
import { Random } from '../../random.ts';
import type { FleetIsolate } from './fleet.ts';
import { exchange } from './http-client.ts';
import type { FaultKind } from './network/faults.ts';
import type { Breach, Oracle, Verdict } from './oracle.ts';

/** A failed load is tried again after a while: what was wrong this long ago may still show. */
const aftermathMs = 15_000;
const mostDetails = 20;

export interface TrafficOptions {
  readonly model: string;
  readonly pops: readonly string[];
  readonly seed: number;
  readonly devices: number;
  readonly oracle: Oracle;
  readonly isolateOf: (pop: string) => FleetIsolate;
  readonly faultsBetween: (pop: string, fromMs: number, untilMs: number) => Set<FaultKind>;
  /** Told of the first ones, as they come. */
  readonly onBreach?: (text: string) => void;
  readonly onVerdict?: (pop: string, verdict: Verdict) => void;
}

export interface Sample {
  readonly sentMs: number;
  readonly tookMs: number;
}

export class Traffic {
  readonly breaches = new Map<Breach, number>();
  readonly details: string[] = [];
  readonly samples: Sample[] = [];
  checked = 0;
  answered = 0;
  excused = 0;
  readonly #options: TrafficOptions;
  readonly #warmth = new Map<string, Warmth>();
  #running = true;

  constructor(options: TrafficOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#running = false;
  }

  /** One client: request after request, over all PoPs, until the traffic is stopped. */
  async client(index: number): Promise<void> {
    const random = new Random(this.#options.seed * 1000 + index);
    const { pops } = this.#options;
    while (this.#running) await this.#request(random, pops[Math.floor(random.uniform() * pops.length)] ?? '');
  }

  /** One request of the default to a PoP, by a device. */
  async probe(pop: string, key: string, minEpoch: number | null = null): Promise<Verdict> {
    return await this.#send(pop, { key, minEpoch, requested: null, x: [1, 2] });
  }

  #request(random: Random, pop: string): Promise<Verdict> {
    const { devices, oracle } = this.#options;
    const kind = random.pick({ routed: 90, newest: 5, stable: 3, first: 2 });
    return this.#send(pop, {
      key: `device-${Math.floor(random.uniform() * devices)}`,
      minEpoch: kind === 'newest' ? oracle.newestEpoch : null,
      requested: kind === 'stable' ? 'stable' : kind === 'first' ? '1' : null,
      x: [Math.floor(random.uniform() * 50), Math.floor(random.uniform() * 50)],
    });
  }

  async #send(
    pop: string,
    asked: { key: string; minEpoch: number | null; requested: string | null; x: readonly [number, number] },
  ): Promise<Verdict> {
    const { model, oracle, isolateOf, faultsBetween, onBreach, onVerdict } = this.#options;
    const isolate = isolateOf(pop);
    const knownEpoch = oracle.epochOf(isolate.name);
    const warm = this.#isWarm(isolate.name, knownEpoch);
    const path =
      asked.requested === null ? `/v2/models/${model}/infer` : `/v2/models/${model}/versions/${asked.requested}/infer`;
    const body = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: asked.x }] });
    const headers = {
      'popserve-key': asked.key,
      ...(asked.minEpoch === null ? {} : { 'popserve-min-epoch': String(asked.minEpoch) }),
    };
    const sentMs = Date.now();
    const start = performance.now();
    const answer = await exchange(isolate.port, 'POST', path, headers, body);
    const tookMs = performance.now() - start;
    const faults = faultsBetween(pop, sentMs - aftermathMs, Date.now());
    const verdict = oracle.judge({ ...asked, isolate: isolate.name, knownEpoch, warm }, answer, faults);
    this.checked++;
    if (answer.status === 200) {
      this.answered++;
      if (asked.requested === null) {
        this.#remember(isolate.name, verdict);
        if (warm && asked.minEpoch === null) this.samples.push({ sentMs, tookMs });
      }
    }
    if (verdict.excused) this.excused++;
    if (verdict.breach !== null) {
      this.breaches.set(verdict.breach, (this.breaches.get(verdict.breach) ?? 0) + 1);
      if (this.details.length < mostDetails) {
        const text = `${verdict.breach}: ${verdict.detail}`;
        this.details.push(text);
        onBreach?.(text);
      }
    }
    onVerdict?.(pop, verdict);
    return verdict;
  }

  /**
   * Whether an isolate has all in memory that the default needs: it has moved on from the route that it started with, or has
   * answered with every version that this one gives.
   */
  #isWarm(isolate: string, knownEpoch: number): boolean {
    const warmth = this.#warmth.get(isolate);
    if (!warmth) return false;
    if (knownEpoch > warmth.firstEpoch) return true;
    const route = this.#options.oracle.route(warmth.firstEpoch);
    const needed = [route?.aliases.stable, route?.rollout?.version].filter((version) => version !== undefined);
    return needed.every((version) => warmth.versions.has(version));
  }

  #remember(isolate: string, { epoch, version }: Verdict): void {
    if (epoch === null || version === null) return;
    const warmth = this.#warmth.get(isolate) ?? { firstEpoch: epoch, versions: new Set<string>() };
    if (epoch === warmth.firstEpoch) warmth.versions.add(version);
    this.#warmth.set(isolate, warmth);
  }
}

interface Warmth {
  readonly firstEpoch: number;
  /** The answer that it gave from that epoch. */
  readonly versions: Set<string>;
}
