// Everything that a person wants to see of one model: its versions with the figures of their gate, the route, the last changes.
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { Spend } from '../../registry/model-catalog.ts';
import type { Route } from '../../registry/route.ts';
import type { Isolate } from '../isolate.ts';
import { readReport } from '../telemetry/model-report.ts';
import { modelDetails } from './details.ts';
import { type ModelOverview, recentOf } from './overview.ts';

/** Versions of a page. */
export const versionsShown = 25;
const routesShown = 20;

export interface VersionRow {
  readonly version: string;
  readonly storedAt: string;
  readonly routedAs: readonly string[];
  /** Null: the manifest cannot be read. */
  readonly manifest: Manifest | null;
}

export interface ModelPage {
  readonly name: string;
  readonly route: Route | null;
  /** From `first` on, the last stored first. */
  readonly versions: readonly VersionRow[];
  readonly first: number;
  readonly total: number;
  /** The names of all versions, for forms. */
  readonly names: readonly string[];
  readonly history: readonly Route[];
  /** Pass it as `before` for older changes; null where there are none. */
  readonly older: number | null;
  readonly told: ModelOverview['told'];
  /** The requests of each version over the last day. */
  readonly recent: Awaited<ReturnType<typeof recentOf>>;
  /** Where a rollback goes by itself; null where it has nowhere to go. */
  readonly rollbackTo: string | null;
}

/**
 * @param part.first the place of the first version that is shown
 * @param part.before only changes of lower epochs
 * @throws {PopserveError} NOT_FOUND
 */
export async function modelPage(
  isolate: Isolate,
  name: string,
  part: { readonly first: number; readonly before?: number },
  spend: Spend,
): Promise<ModelPage> {
  const page = { limit: routesShown, ...(part.before === undefined ? {} : { before: part.before }) };
  const [details, history, report, recent] = await Promise.all([
    modelDetails(isolate, name),
    isolate.registry.history(name, page, spend),
    readReport(isolate.telemetry, name),
    recentOf(isolate.telemetry, name),
  ]);
  const shown = details.versions.slice(part.first, part.first + versionsShown);
  spend(shown.length);
  const versions = await Promise.all(
    shown.map(async ({ version, storedAt, routedAs }) => ({
      ...{ version, storedAt, routedAs },
      manifest: await manifestOrNull(isolate, name, version),
    })),
  );
  const names = details.versions.map(({ version }) => version);
  return {
    name,
    route: details.route,
    versions,
    first: part.first,
    total: details.versions.length,
    names,
    history: history.routes,
    older: history.next,
    told: report.told,
    recent,
    rollbackTo: details.route?.previous.find((version) => names.includes(version)) ?? null,
  };
}

async function manifestOrNull({ registry }: Isolate, model: string, version: string): Promise<Manifest | null> {
  try {
    return await registry.getManifest(model, version);
  } catch (error) {
    if (error instanceof PopserveError) return null;
    throw error;
  }
}
