// Which PoP answers: the configured name, else the IATA code that the platform sends with each request.
import type { Isolate } from '../isolate.ts';

/**
 * Learns from a request where the isolate runs. Once is enough: an isolate never moves, and the platform's properties are parsed
 * anew each time they are read.
 */
export function learnPop(isolate: Isolate, request: Request): void {
  const colo: unknown = request.cf?.colo;
  if (typeof colo !== 'string') return;
  isolate.pop = colo;
  // The platform does not tell where its PoPs are, so the continent is that of the first client.
  const continent: unknown = request.cf?.continent;
  if (typeof continent === 'string') isolate.drift.region ??= continent;
}

/** The name of the PoP; `unknown` where neither the settings nor the platform tell it. */
export function popOf({ pop }: Pick<Isolate, 'pop'>): string {
  return pop ?? 'unknown';
}
