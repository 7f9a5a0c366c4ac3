// The index of all models: one object that says of each model what lists tell of it, so that a list is one read however many models
// there are. The manifests and the route log stay the truth: index-writer.ts keeps the index in step, model-catalog.ts reads it.
import * as z from 'zod';
import { canonicalJson } from './canonical-json.ts';
import { PopserveError } from './errors.ts';
import type { ManifestStore, VersionListing } from './manifest-store.ts';
import { modelNameSchema, versionSchema } from './names.ts';
import { type Route, routeSchema } from './route.ts';
import type { RouteLog } from './route-log.ts';

const entrySchema = z.strictObject({
  /** The last stored first. */
  versions: z.array(versionSchema),
  /** Names of retired versions. */
  retired: z.array(versionSchema),
  /** The newest one. */
  route: routeSchema.nullable(),
  /** Something of the model could not be read: the rest of the entry is what could. */
  damaged: z.literal(true).optional(),
});

export type IndexEntry = z.infer<typeof entrySchema>;

const indexSchema = z.strictObject({
  schema: z.literal(1),
  /** Every model has an entry. False until the first one was made of all that was there before. */
  complete: z.boolean(),
  models: z.record(modelNameSchema, z.unknown()),
});

/** By model: what lists tell of it; null where that is too long for the index and is read from the registry instead. */
export type IndexEntries = ReadonlyMap<string, IndexEntry | null>;

export interface ModelIndex {
  readonly complete: boolean;
  readonly models: IndexEntries;
}

/** A model of ordinary size takes less than one. */
const longestEntry = 8_192;

/** @returns an index without models where the text is none, and without those models whose entries cannot be read */
export function parseIndex(text: string): ModelIndex {
  const { data } = indexSchema.safeParse(jsonOrNull(text));
  if (data === undefined) return { complete: false, models: new Map() };
  const models = new Map<string, IndexEntry | null>();
  for (const [name, value] of Object.entries(data.models)) {
    const entry = entrySchema.nullable().safeParse(value);
    if (entry.success) models.set(name, entry.data);
  }
  return { complete: data.complete && models.size === Object.keys(data.models).length, models };
}

export function indexText({ complete, models }: ModelIndex): string {
  return canonicalJson({ schema: 1, complete, models: Object.fromEntries(models) });
}

export function isSameEntry(a: IndexEntry | null | undefined, b: IndexEntry | null | undefined): boolean {
  return a === b || (a != null && b != null && canonicalJson(a) === canonicalJson(b));
}

/** The entry as the index keeps it. */
export function keptEntry(entry: IndexEntry): IndexEntry | null {
  return canonicalJson(entry).length > longestEntry ? null : entry;
}

/**
 * What lists tell of a model, from the registry itself: a list or more for its versions, a list and a read for its route.
 * @returns null if there is no such model
 */
export async function readEntry(
  model: string,
  { manifests, routes }: { manifests: ManifestStore; routes: RouteLog },
): Promise<IndexEntry | null> {
  const [newest, listing] = await Promise.all([readable(routes.newest(model)), manifests.listVersions(model)]);
  return entryOf(newest, listing);
}

function entryOf(newest: { route: Route | null; damaged: boolean }, listing: VersionListing): IndexEntry | null {
  const { versions, retired, damaged } = listing;
  if (newest.route === null && versions.length + retired.length + damaged.length === 0 && !newest.damaged) return null;
  const sorted = versions.toSorted((a, b) => b.storedAt.getTime() - a.storedAt.getTime());
  return {
    versions: sorted.map(({ version }) => version),
    retired: [...retired],
    route: newest.route,
    ...(newest.damaged || damaged.length > 0 ? { damaged: true as const } : {}),
  };
}

/** A route that is damaged is told as such; storage that is away is another matter. */
async function readable(reading: Promise<Route | null>): Promise<{ route: Route | null; damaged: boolean }> {
  try {
    return { route: await reading, damaged: false };
  } catch (error) {
    if (error instanceof PopserveError) return { route: null, damaged: true };
    throw error;
  }
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
