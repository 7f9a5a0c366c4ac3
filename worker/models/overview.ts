// A page of models with what a person wants to know of each at a glance: what is served, how it fares, whether its data have drifted.
import type { DriftStatus } from '../../registry/api/drift.ts';
import type { TelemetryStatus } from '../../registry/api/status.ts';
import type { Spend } from '../../registry/model-catalog.ts';
import type { Route } from '../../registry/route.ts';
import type { Isolate } from '../isolate.ts';
import { readReport } from '../telemetry/model-report.ts';

export interface ModelOverview {
  readonly name: string;
  readonly versions: number;
  readonly route: Route | null;
  readonly damaged: boolean;
  /** Null: the model's Durable Object did not answer. */
  readonly told: { readonly status: TelemetryStatus; readonly drift: DriftStatus } | null;
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
  spend(models.length);
  const told = await Promise.all(models.map(async ({ name }) => (await readReport(telemetry, name)).told));
  return {
    models: models.map(({ name, versions, route, damaged }, index) => ({
      ...{ name, versions, route, damaged: damaged ?? false },
      told: told[index] ?? null,
    })),
    next,
  };
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
