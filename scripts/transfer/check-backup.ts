// A backup, checked without the registry: each file against the index and its key, and all of them against one another.

import { PopserveError } from '../../registry/errors.ts';
import { type Manifest, manifestBlobs } from '../../registry/manifest.ts';
import { checkContent, manifestIn } from '../../registry/object-content.ts';
import type { ObjectKind } from '../../registry/object-key.ts';
import { type Route, routedVersions, routeSchema } from '../../registry/route.ts';
import type { BackupFolder } from './backup-folder.ts';
import { describeFile } from './file-bytes.ts';
import { keyOfBlob } from './take-backup.ts';

export interface BackupCheck {
  readonly counts: Readonly<Partial<Record<ObjectKind, number>>>;
  readonly bytes: number;
  /** One sentence each; empty: the backup can be restored. */
  readonly faults: readonly string[];
}

interface Found {
  readonly counts: Partial<Record<ObjectKind, number>>;
  readonly faults: string[];
  /** By `model/version`: manifests that are there, those kept aside included. */
  readonly manifests: Map<string, Manifest>;
  /** By model and epoch. */
  readonly routes: Map<string, Map<number, Route>>;
}

/** Every file is read. @param tell what is done now */
export async function checkBackup(folder: BackupFolder, tell: (step: string) => void): Promise<BackupCheck> {
  const found: Found = { counts: {}, faults: [], manifests: new Map(), routes: new Map() };
  let bytes = 0;
  for (const [key, entry] of folder.entries) {
    tell(`checking ${key}`);
    bytes += entry.bytes;
    try {
      await checkObject(folder, key, found);
    } catch (error) {
      if (!(error instanceof PopserveError)) throw error;
      found.faults.push(error.message);
    }
  }
  if (folder.takenAt === null) found.faults.push(`${folder.directory}: the backup was never completed; repeat it`);
  for (const manifest of found.manifests.values()) requireBlobs(folder, manifest, found);
  for (const [model, routes] of found.routes) requireRoutes(model, routes, found);
  return { counts: found.counts, bytes, faults: found.faults };
}

async function checkObject(folder: BackupFolder, key: string, found: Found): Promise<void> {
  const about = folder.about(key);
  found.counts[about.kind] = (found.counts[about.kind] ?? 0) + 1;
  const entry = folder.entries.get(key);
  const file = await describeFile(folder.fileOf(key));
  const expected = about.kind === 'blob' ? `sha256:${about.hex}` : entry?.sha256;
  if (file.digest !== expected) {
    throw new PopserveError(
      'INTERNAL',
      `${key}: expected ${expected} of ${entry?.bytes} bytes, the file has ${file.digest} of ${file.bytes}`,
    );
  }
  if (about.kind === 'blob') return;
  const text = await folder.readText(key);
  await checkContent(key, about, text);
  if (about.kind === 'version' || about.kind === 'retiring') {
    const manifest = manifestIn(text);
    if (manifest !== null) found.manifests.set(`${about.model}/${about.version}`, manifest);
  }
  if (about.kind === 'route') {
    const routes = found.routes.get(about.model) ?? new Map<number, Route>();
    found.routes.set(about.model, routes.set(about.epoch, routeSchema.parse(JSON.parse(text))));
  }
}

function requireBlobs(folder: BackupFolder, manifest: Manifest, { faults }: Found): void {
  const { model, version } = manifest;
  for (const digest of manifestBlobs(manifest)) {
    if (!folder.entries.has(keyOfBlob(digest)))
      faults.push(`${model} ${version}: ${digest} is missing, which it names`);
  }
}

/** Epochs have no gaps, and what is served must be there. */
function requireRoutes(model: string, routes: ReadonlyMap<number, Route>, { manifests, faults }: Found): void {
  let newest: Route | undefined;
  for (let epoch = 1; epoch <= routes.size; epoch += 1) {
    newest = routes.get(epoch);
    if (newest === undefined) faults.push(`${model}: epoch ${epoch} is missing in the route log`);
    if (newest === undefined) return;
  }
  if (newest === undefined) return;
  for (const version of routedVersions(newest)) {
    if (manifests.has(`${model}/${version}`)) continue;
    faults.push(`${model}: epoch ${newest.epoch} serves version '${version}', whose manifest is missing`);
  }
}
