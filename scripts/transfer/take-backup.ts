// A backup of a registry, taken while it is in use: what is new is fetched, what is there already is not.
import type { ObjectInfo, ObjectPage } from '../../registry/api/objects.ts';
import { sha256Digest } from '../../registry/digests.ts';
import { PopserveError } from '../../registry/errors.ts';
import { manifestBlobs } from '../../registry/manifest.ts';
import type { Digest } from '../../registry/names.ts';
import { checkContent, manifestIn } from '../../registry/object-content.ts';
import { isPassing, isRemovable, isUnchanging, type ObjectKey } from '../../registry/object-key.ts';
import type { BackupFolder } from './backup-folder.ts';
import { describeFile, replaceFile, sizeOfFile } from './file-bytes.ts';
import { sideBySide } from './side-by-side.ts';

/** The calls of a registry that a backup is taken with. */
export interface BackupSource {
  listObjects(after: string | null): Promise<ObjectPage>;
  readObject(key: string): Promise<string>;
  downloadBlob(digest: Digest, file: string): Promise<void>;
}

export interface BackupReport {
  readonly objects: number;
  readonly bytes: number;
  readonly fetched: number;
  readonly fetchedBytes: number;
  /** Objects that the registry has removed since; the backup keeps them unless they are to be pruned. */
  readonly vanished: readonly string[];
  /**
   * One sentence for each object that cannot be as it is: damaged, missing, or other than the registry ever makes it. The backup keeps
   * such an object as it was before.
   */
  readonly faults: readonly string[];
}

interface Fetched {
  readonly folder: BackupFolder;
  count: number;
  bytes: number;
  readonly faults: string[];
  /** Blobs that manifests name. */
  readonly named: Set<Digest>;
}

/**
 * Whatever refers to something is fetched before it: routes, then manifests, then blobs. So all that a fetched route needs was there
 * when the route was read, and is fetched too.
 * @param options.prune takes objects out of the backup that the registry has removed
 * @param tell what is done now
 */
export async function takeBackup(
  source: BackupSource,
  folder: BackupFolder,
  { prune, now }: { prune: boolean; now: Date },
  tell: (step: string) => void,
): Promise<BackupReport> {
  tell('listing the registry');
  const listed = await listAll(source);
  const fetched: Fetched = { folder, count: 0, bytes: 0, faults: [], named: new Set() };
  const kindOf = (key: string) => folder.about(key).kind;
  const documents = [...listed.values()].filter(({ key }) => kindOf(key) !== 'blob');
  const isVersion = ({ key }: ObjectInfo) => kindOf(key) === 'version' || kindOf(key) === 'retiring';
  for (const part of [documents.filter((info) => !isVersion(info)), documents.filter(isVersion)]) {
    await sideBySide(part, async (info) => {
      await noting(fetched, info.key, () => fetchDocument(source, fetched, info));
      tell(`fetched ${fetched.count} objects`);
    });
  }
  const blobs = new Map(
    [...listed.values()].filter(({ key }) => kindOf(key) === 'blob').map((info) => [info.key, info]),
  );
  for (const digest of fetched.named) {
    const key = keyOfBlob(digest);
    // One that was stored after its place in the list had been read.
    if (!blobs.has(key)) blobs.set(key, { key, bytes: 0, etag: '', storedAt: now.toISOString() });
  }
  await sideBySide(blobs.values(), async (info) => {
    tell(`fetching ${info.key}, after ${fetched.count} objects`);
    await noting(fetched, info.key, () => fetchBlob(source, fetched, info));
  });
  const vanished = await findVanished(fetched, listed, prune);
  folder.takenAt = now.toISOString();
  await folder.save();
  const all = [...folder.entries.values()];
  return {
    objects: all.length,
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    ...{ fetched: fetched.count, fetchedBytes: fetched.bytes, vanished },
    faults: fetched.faults.sort(),
  };
}

/** Every object by its key. */
export async function listAll(source: Pick<BackupSource, 'listObjects'>): Promise<Map<string, ObjectInfo>> {
  const objects = new Map<string, ObjectInfo>();
  let after: string | null = null;
  do {
    const page: ObjectPage = await source.listObjects(after);
    for (const object of page.objects) objects.set(object.key, object);
    after = page.next;
  } while (after !== null);
  return objects;
}

export function keyOfBlob(digest: string): string {
  return digest.replace('sha256:', 'blobs/sha256/');
}

/** A damaged object is told, and the others are fetched all the same. */
async function noting({ faults }: Fetched, key: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof PopserveError) || error.code !== 'UNPROCESSABLE') throw error;
    faults.push(error.message.startsWith(key) ? error.message : `${key}: ${error.message}`);
  }
}

async function fetchDocument(source: BackupSource, fetched: Fetched, info: ObjectInfo): Promise<void> {
  const { folder } = fetched;
  const { key, etag, storedAt } = info;
  const about = folder.about(key);
  const held = folder.entries.get(key);
  if (held?.etag === etag && (await sizeOfFile(folder.fileOf(key))) === held.bytes) return;
  const text = await orGone(source.readObject(key));
  if (text === null) return;
  await checkContent(key, about, text);
  const sha256 = await sha256Digest(text);
  if (held !== undefined && held.sha256 !== sha256 && isUnchanging(about.kind)) {
    throw new PopserveError('UNPROCESSABLE', `${key}: it never changes, and has other content than in the backup`);
  }
  noteBlobs(fetched, about, text);
  await replaceFile(await folder.makeRoomFor(key), text);
  const bytes = new TextEncoder().encode(text).length;
  await folder.add(key, { bytes, sha256, etag, storedAt });
  fetched.count += 1;
  fetched.bytes += bytes;
}

function noteBlobs({ named }: Fetched, { kind }: ObjectKey, text: string): void {
  if (kind !== 'version' && kind !== 'retiring') return;
  const manifest = manifestIn(text);
  if (manifest !== null) for (const digest of manifestBlobs(manifest)) named.add(digest);
}

async function fetchBlob(source: BackupSource, fetched: Fetched, { key, etag, storedAt }: ObjectInfo): Promise<void> {
  const { folder } = fetched;
  const digest: Digest = `sha256:${key.slice('blobs/sha256/'.length)}`;
  const file = await folder.makeRoomFor(key);
  const held = folder.entries.get(key);
  const size = await sizeOfFile(file);
  if (held !== undefined && size === held.bytes) return;
  // An earlier backup may have ended between the file and the index.
  if (size === null || (await describeFile(file)).digest !== digest) {
    const gone = (await orGone(source.downloadBlob(digest, file).then(() => ''))) === null;
    if (gone) {
      // One that is listed may have been collected since; one that a manifest names may not.
      if (fetched.named.has(digest))
        fetched.faults.push(`${key}: a manifest names it, and the registry does not have it`);
      return;
    }
    fetched.count += 1;
    fetched.bytes += (await sizeOfFile(file)) ?? 0;
  }
  await folder.add(key, { bytes: (await sizeOfFile(file)) ?? 0, sha256: digest, etag, storedAt });
}

/** Records of what was under way leave the backup with it. Nothing else does by itself: the registry may have been emptied by mistake. */
async function findVanished(
  { folder, faults }: Fetched,
  listed: ReadonlyMap<string, ObjectInfo>,
  prune: boolean,
): Promise<string[]> {
  const vanished: string[] = [];
  for (const key of [...folder.entries.keys()].filter((held) => !listed.has(held))) {
    const { kind } = folder.about(key);
    if (!isRemovable(kind)) faults.push(`${key}: it is gone, and a registry never removes it`);
    else if (!isPassing(kind)) vanished.push(key);
    if (isPassing(kind) || (prune && isRemovable(kind))) await folder.remove(key);
  }
  return vanished.sort();
}

async function orGone<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof PopserveError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}
