// Everything that the seed decides before the run begins: which isolates there are, when each restarts, and which faults come.
import { Random } from '../../random.ts';
import type { FleetIsolate, IsolateSpec } from './fleet.ts';
import { type FaultWindow, faultKinds } from './network/faults.ts';

export interface PlanOptions {
  readonly seed: number;
  readonly pops: number;
  readonly durationMs: number;
  /** Restarts of isolates over the whole run. */
  readonly restarts: number;
  readonly withFaults: boolean;
  /** Mean length of a fault. */
  readonly faultMs: number;
}

export interface Plan {
  readonly pops: readonly string[];
  readonly isolates: readonly IsolateSpec[];
  /** Milliseconds since the start at which an isolate takes over its PoP, for generations above 0. */
  readonly takesOverMs: ReadonlyMap<string, number>;
  readonly faults: readonly FaultWindow[];
}

export const operatorPops = ['operator-a', 'operator-b'] as const;

export function makePlan({ seed, pops: count, durationMs, restarts, withFaults, faultMs }: PlanOptions): Plan {
  const random = new Random(seed);
  const pops = Array.from({ length: count }, (_, index) => `pop-${String(index + 1).padStart(2, '0')}`);
  const isolates: IsolateSpec[] = pops.map((pop) => ({ pop, generation: 0 }));
  const takesOverMs = new Map<string, number>();
  const times = Array.from({ length: withFaults ? restarts : 0 }, () => (0.1 + 0.8 * random.uniform()) * durationMs);
  for (const at of times.sort((a, b) => a - b)) {
    const pop = pops[Math.floor(random.uniform() * pops.length)] ?? '';
    const generation = isolates.filter((isolate) => isolate.pop === pop).length;
    isolates.push({ pop, generation });
    takesOverMs.set(`${pop}.${generation}`, at);
  }
  return { pops, isolates, takesOverMs, faults: withFaults ? drawFaults(random, pops, durationMs, faultMs) : [] };
}

/** Each PoP is faulty about a third of the time; the last tenth of the run is left to recover in. */
function drawFaults(random: Random, pops: readonly string[], durationMs: number, faultMs: number): FaultWindow[] {
  const windows: FaultWindow[] = [];
  for (const pop of [...pops, ...operatorPops]) {
    for (let at = random.uniform() * 4 * faultMs; ; at += (0.5 + 3 * random.uniform()) * faultMs) {
      const kind = faultKinds[Math.floor(random.uniform() * faultKinds.length)] ?? 'r2-slow';
      const untilMs = at + (0.5 + random.uniform()) * faultMs;
      if (untilMs > durationMs * 0.9) break;
      windows.push({ pop, kind, fromMs: at, untilMs });
      at = untilMs;
    }
  }
  return windows;
}

/** The isolate that answers for a PoP at a moment. */
export function isolateAt(
  plan: Plan,
  isolates: readonly FleetIsolate[],
  pop: string,
  sinceStartMs: number,
): FleetIsolate {
  const own = isolates.filter((isolate) => isolate.pop === pop);
  const current = own.findLast(({ name }) => (plan.takesOverMs.get(name) ?? 0) <= sinceStartMs);
  if (!current) throw new Error(`no isolate for ${pop}`);
  return current;
}
