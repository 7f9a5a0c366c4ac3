// How long each step of a load took. In production clocks advance only on I/O, so steps without I/O read 0 there: they mean
// something in a local PoP only, and are marked so.
// See https://developers.cloudflare.com/workers/reference/security-model/ (step 1: disallow timers and multi-threading).

export interface LoadTimes {
  /** Start of the runtime, which overlaps with the fetch; 0 if it was running already. */
  readonly runtimeMs: number;
  /** From asking for the model's bytes to the last of them in the heap with their digest checked. */
  readonly fetchMs: number;
  /** Making the session from the bytes. */
  readonly createMs: number;
  /** The warm-up run; 0 where the first request is the warm-up. */
  readonly warmupMs: number;
  readonly from: 'cache' | 'registry';
}

/** Steps without I/O. */
const localOnly = new Set(['runtime', 'create', 'warmup']);

/**
 * @param routeMs how long reading the route took; 0 if it was known
 * @returns value of a Server-Timing header, durations in milliseconds
 * @see https://www.w3.org/TR/server-timing/
 */
export function serverTiming(times: LoadTimes, routeMs: number): string {
  const steps = {
    route: routeMs,
    runtime: times.runtimeMs,
    fetch: times.fetchMs,
    create: times.createMs,
    warmup: times.warmupMs,
  };
  return Object.entries(steps)
    .map(([step, ms]) => {
      const description =
        step === 'fetch' ? `;desc="${times.from}"` : localOnly.has(step) ? ';desc="local clocks only"' : '';
      return `${step};dur=${Math.round(ms * 10) / 10}${description}`;
    })
    .join(', ');
}
