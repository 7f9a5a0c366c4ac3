// A backup back into a registry, which may be empty or have a part of it already. Repeating it at any point completes it.
import type { ObjectInfo, ObjectPage, RepairAnswer } from '../../registry/api/objects.ts';
import { sha256Digest } from '../../registry/digests.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { Digest } from '../../registry/names.ts';
import { isPassing, type ObjectKind } from '../../registry/object-key.ts';
import type { BackupFolder } from './backup-folder.ts';
import { type EpochTarget, type RaisedEpoch, raiseEpoch } from './raise-epoch.ts';
import { sideBySide } from './side-by-side.ts';
import { listAll } from './take-backup.ts';

/** The calls of a registry that is restored. */
export interface RestoreTarget extends EpochTarget {
  listObjects(after: string | null): Promise<ObjectPage>;
  readObject(key: string): Promise<string>;
  restoreObject(key: string, text: string): Promise<boolean>;
  uploadBlob(digest: Digest, file: string): Promise<void>;
  repair(): Promise<RepairAnswer>;
}

export interface RestorePlan {
  /** Keys that the target does not have, in the order in which they are written. */
  readonly write: readonly string[];
  /** How many objects the target has already. */
  readonly there: number;
  /** Keys that the target has with other content. */
  readonly conflicts: readonly string[];
}

export interface RestoreReport {
  readonly written: number;
  readonly raised: readonly RaisedEpoch[];
  readonly repair: RepairAnswer;
}

/**
 * What is referred to is written before what refers to it, and routes last, so that nothing is served before all of it is there. A
 * revocation is written before its key, so that no revoked key opens anything meanwhile.
 */
const order: readonly ObjectKind[] = [
  ...(['blob', 'upload', 'version', 'retiring', 'proven', 'attempt'] as const),
  ...(['revocation', 'key', 'audit', 'route'] as const),
];

/** KV takes one write a second to a key: what a repair could not write, the next one can. */
const mostRepairs = 6;
const repairPauseMs = 1500;

/** Compares the backup with what the target has. Writes nothing. @param tell what is done now */
export async function planRestore(
  target: Pick<RestoreTarget, 'listObjects' | 'readObject'>,
  folder: BackupFolder,
  tell: (step: string) => void,
): Promise<RestorePlan> {
  tell('listing the registry');
  const there = await listAll(target);
  const write: string[] = [];
  const conflicts: string[] = [];
  await sideBySide(folder.entries.keys(), async (key) => {
    const held = there.get(key);
    if (held === undefined) write.push(key);
    else if (!(await isSame(target, folder, key, held))) conflicts.push(key);
  });
  return { write: inOrder(folder, write), there: folder.entries.size - write.length, conflicts: conflicts.sort() };
}

/**
 * Writes what the plan says, raises epochs that PoPs are ahead of, and has the copies in KV written.
 * @param wait between two repairs
 * @throws {PopserveError} CONFLICT before anything is written when the target has an object with other content
 */
export async function restoreBackup(
  target: RestoreTarget,
  folder: BackupFolder,
  plan: RestorePlan,
  { tell, wait }: { tell: (step: string) => void; wait: (ms: number) => Promise<void> },
): Promise<RestoreReport> {
  if (plan.conflicts.length > 0) throw conflict(plan.conflicts);
  let written = 0;
  for (const kind of order) {
    const keys = plan.write.filter((key) => folder.about(key).kind === kind);
    const put = async (key: string) => {
      tell(`restoring ${written + 1} of ${plan.write.length}: ${key}`);
      await restoreOne(target, folder, key);
      written += 1;
    };
    // Lists of versions are in the order in which these were stored; a model's newest route is the first one that PoPs may see.
    if (kind === 'version' || kind === 'route') for (const key of keys) await put(key);
    else await sideBySide(keys, put);
  }
  tell('writing the index and the copies in KV');
  const first = await target.repair();
  const raised: RaisedEpoch[] = [];
  for (const model of routedModels(folder)) {
    tell(`asking which epochs of ${model} PoPs have served`);
    const renewed = await onceKnown(() => raiseEpoch(target, model), wait);
    if (renewed !== null) raised.push(renewed);
  }
  tell('writing the copies in KV');
  let repair = await target.repair();
  for (let count = 1; repair.failed.length > 0 && count < mostRepairs; count += 1) {
    await wait(repairPauseMs);
    repair = await target.repair();
  }
  const repaired = [...new Set([...first.repaired, ...repair.repaired])].sort();
  return { written, raised, repair: { ...repair, repaired } };
}

/** An isolate may have looked which models there are before they were restored, and remembers that for some seconds. */
async function onceKnown<T>(ask: () => Promise<T>, wait: (ms: number) => Promise<void>): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await ask();
    } catch (error) {
      const isUnknown = error instanceof PopserveError && error.code === 'NOT_FOUND';
      if (!isUnknown || count === mostRepairs) throw error;
      await wait(repairPauseMs);
    }
  }
}

async function restoreOne(target: RestoreTarget, folder: BackupFolder, key: string): Promise<void> {
  const about = folder.about(key);
  if (about.kind === 'blob') await target.uploadBlob(`sha256:${about.hex}`, folder.fileOf(key));
  else await target.restoreObject(key, await folder.readText(key));
}

/** A trial or a retirement that is under way at the target is the target's own. */
async function isSame(
  target: Pick<RestoreTarget, 'readObject'>,
  folder: BackupFolder,
  key: string,
  held: ObjectInfo,
): Promise<boolean> {
  const { kind } = folder.about(key);
  const entry = folder.entries.get(key);
  if (isPassing(kind) || held.etag === entry?.etag) return true;
  // The bytes of a blob are those of its key; the tag of one that was uploaded in parts is not.
  if (kind === 'blob') return held.bytes === entry?.bytes;
  return (await sha256Digest(await target.readObject(key))) === entry?.sha256;
}

/** Versions in the order in which they were stored, routes from the newest to the oldest: an older one never serves meanwhile. */
function inOrder(folder: BackupFolder, keys: readonly string[]): string[] {
  const storedAt = (key: string) => folder.entries.get(key)?.storedAt ?? '';
  const place = (key: string) => order.indexOf(folder.about(key).kind);
  const within = (a: string, b: string) =>
    folder.about(a).kind === 'version' ? storedAt(a).localeCompare(storedAt(b)) : a < b ? -1 : 1;
  return [...keys].sort((a, b) => place(a) - place(b) || within(a, b));
}

function routedModels(folder: BackupFolder): string[] {
  const models = new Set<string>();
  for (const key of folder.entries.keys()) {
    const about = folder.about(key);
    if (about.kind === 'route') models.add(about.model);
  }
  return [...models].sort();
}

function conflict(keys: readonly string[]): PopserveError {
  const shown = keys.slice(0, 20).join(', ');
  const more = keys.length > 20 ? ` and ${keys.length - 20} more` : '';
  return new PopserveError(
    'CONFLICT',
    `nothing was restored: ${keys.length} objects are there with other content: ${shown}${more}; a registry keeps what it has, so restore into an empty one`,
  );
}
