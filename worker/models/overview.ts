// A page of models with what a person wants to know of each at a glance: what is served, how it fares, whether its data have drifted.
import type { DriftStatus } from '../../registry/api/drift.ts';
import type { TelemetryStatus } from '../../registry/api/status.ts';
import type { Spend } from '../../registry/model-catalog.ts';
import type { Route } from '../../registry/route.ts';
import type { Isolate } from '../isolate.ts';
import { readReport } from '../telemetry/model-report.ts';
import type { RecentCount } from '../telemetry/recent-counts.ts';

export interface ModelOverview {
  readonly name: string;
  readonly versions: number;
  readonly route: Route | null;
  readonly damaged: boolean;
  /** Null: the model's Durable Object did not answer. */
  readonly told: { readonly status: TelemetryStatus; readonly drift: DriftStatus } | null;
  /** Requests and failures of all versions over the last day; empty where the object did not answer. */
  readonly recent: readonly RecentCount[];
}

export interface OverviewPage {
  readonly models: readonly ModelOverview[];
  /** Pass it as `after` for the next page; null on the last one. */
  readonly next: string | null;
}

/** @param spend told how many operations of storage that has cost */
export async function overviewOf(
  { registry, telemetry }: Pick<Isolate, 'registry' | 'telemetry'>,
  page: { readonly limit: number; readonly after?: string; readonly only: ReadonlySet<string> | null },
  spend: Spend,
): Promise<OverviewPage> {
  const { models, next } = await registry.listModels(page, spend);
  spend(2 * models.length);
  const told = await Promise.all(
    models.map(async ({ name }) => {
      const [report, recent] = await Promise.all([readReport(telemetry, name), recentOf(telemetry, name)]);
      return { told: report.told, recent: sumOf(recent.map(({ counts }) => counts)) };
    }),
  );
  return {
    models: models.map(({ name, versions, route, damaged }, index) => ({
      ...{ name, versions, route, damaged: damaged ?? false },
      told: told[index]?.told ?? null,
      recent: told[index]?.recent ?? [],
    })),
    next,
  };
}

/** The requests of each version over the last day; none where the model's object does not answer. */
export async function recentOf(
  telemetry: Isolate['telemetry'],
  model: string,
): Promise<readonly { readonly version: string; readonly counts: readonly RecentCount[] }[]> {
  try {
    using told = await telemetry.object(model).recent();
    return told.map(({ version, counts }) => ({ version, counts: counts.map((count) => ({ ...count })) }));
  } catch {
    return [];
  }
}

function sumOf(versions: readonly (readonly RecentCount[])[]): RecentCount[] {
  const [first = []] = versions;
  return first.map(({ fromMs }, index) => ({
    fromMs,
    requests: versions.reduce((sum, counts) => sum + (counts[index]?.requests ?? 0), 0),
    failures: versions.reduce((sum, counts) => sum + (counts[index]?.failures ?? 0), 0),
  }));
}

export type DriftLight = 'drifting' | 'steady' | 'waiting' | 'none';

/**
 * @returns `none` for a version without a baseline, `waiting` until a first window was judged
 */
export function driftLight({ told, route }: Pick<ModelOverview, 'told' | 'route'>): DriftLight {
  const stable = route?.aliases.stable;
  const places = told?.drift.versions.find(({ version }) => version === stable)?.places ?? [];
  if (places.some(({ drifting }) => drifting)) return 'drifting';
  if (places.some(({ window }) => window !== null)) return 'steady';
  return places.length > 0 ? 'waiting' : 'none';
}
