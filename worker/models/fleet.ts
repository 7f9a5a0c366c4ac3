// The fleet as the reports of models tell it: which points of presence are heard of, what they serve, and the memory of the isolate
// that answers.

import type { Statistics } from '../../registry/api/statistics.ts';
import type { PopStatus } from '../../registry/api/status.ts';
import type { Spend } from '../../registry/model-catalog.ts';
import type { Isolate } from '../isolate.ts';
import { overviewOf } from './overview.ts';
import { statisticsOf } from './statistics.ts';

/** Each is a question to a Durable Object. */
const mostModels = 50;

export interface PlaceRow {
  readonly pop: string;
  /** The most isolates that a model knows of there. */
  readonly isolates: number;
  readonly seenAtMs: number;
  /** What each model serves there. */
  readonly models: readonly { readonly model: string; readonly status: PopStatus; readonly newest: number }[];
}

export interface Fleet {
  readonly places: readonly PlaceRow[];
  readonly asked: number;
  /** Whether there are more models, which were not asked. */
  readonly isMore: boolean;
  /** Of the isolate that answers. */
  readonly here: Statistics;
}

/** @param spend told how many operations of storage that has cost */
export async function fleetOf(isolate: Isolate, only: ReadonlySet<string> | null, spend: Spend): Promise<Fleet> {
  const { models, next } = await overviewOf(isolate, { limit: mostModels, only }, spend);
  const rows = models.flatMap(({ name, route, told }) =>
    (told?.status.pops ?? []).map((status) => ({ model: name, status, newest: route?.epoch ?? status.highestEpoch })),
  );
  const places = [...Map.groupBy(rows, ({ status }) => status.pop)].map(([pop, own]) => ({
    pop,
    isolates: own.reduce((most, { status }) => Math.max(most, status.isolates), 0),
    seenAtMs: own.reduce((last, { status }) => Math.max(last, status.seenAtMs), 0),
    models: own,
  }));
  return {
    places: places.sort((one, other) => one.pop.localeCompare(other.pop)),
    asked: models.length,
    isMore: next !== null,
    here: await statisticsOf(isolate, { models: only, version: null, scope: 'isolate' }),
  };
}
