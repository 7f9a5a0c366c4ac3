// The keys of everything that a registry keeps in R2, taken apart. The stores make these keys; a backup and its restore read them.
import { keyIdSchema } from './api-key.ts';
import { isModelName, versionSchema } from './names.ts';
import { highestEpoch } from './r2-route-log.ts';

export type ObjectKey =
  /** Content by its SHA-256: models and golden vectors. */
  | { readonly kind: 'blob'; readonly hex: string }
  /** An empty mark: this uploader has sent this blob. */
  | { readonly kind: 'upload' }
  /** A manifest, or the tombstone of a retired version in its place. */
  | { readonly kind: 'version'; readonly model: string; readonly version: string }
  /** A manifest that is kept aside while its version is retired. */
  | { readonly kind: 'retiring'; readonly model: string; readonly version: string }
  | { readonly kind: 'route'; readonly model: string; readonly epoch: number }
  /** An empty mark: the version has loaded and run. */
  | { readonly kind: 'proven' }
  /** A trial that has not ended well, or not yet. */
  | { readonly kind: 'attempt' }
  | { readonly kind: 'key' | 'revocation'; readonly id: string }
  | { readonly kind: 'audit'; readonly atMs: number };

export type ObjectKind = ObjectKey['kind'];

/** An object of these kinds is written once and never changes; only blobs and marks may ever be removed. */
const unchanging: ReadonlySet<ObjectKind> = new Set([
  'blob',
  'upload',
  'route',
  'proven',
  'key',
  'revocation',
  'audit',
]);

/** An object of these kinds is there for minutes: it records something that is under way. */
const passing: ReadonlySet<ObjectKind> = new Set(['retiring', 'attempt']);

/** The registry removes objects of these kinds when nothing needs them any more. */
const removable: ReadonlySet<ObjectKind> = new Set(['blob', 'upload', 'retiring', 'attempt']);

export const isUnchanging = (kind: ObjectKind): boolean => unchanging.has(kind);
export const isPassing = (kind: ObjectKind): boolean => passing.has(kind);
export const isRemovable = (kind: ObjectKind): boolean => removable.has(kind);

/** The audit's keys count down, so that a list has the newest first. */
const latestMs = 9_999_999_999_999;

type Read = (first: string, second: string) => ObjectKey | null;

const patterns: readonly (readonly [RegExp, Read])[] = [
  [/^blobs\/sha256\/([0-9a-f]{64})$/, (hex) => ({ kind: 'blob', hex })],
  [/^uploads\/[0-9a-f]{64}\/[0-9a-f]{64}$/, () => ({ kind: 'upload' })],
  [/^models\/([^/]+)\/versions\/([^/]+)\.json$/, (model, version) => ofVersion('version', model, version)],
  [/^retiring\/([^/]+)\/([^/]+)\.json$/, (model, version) => ofVersion('retiring', model, version)],
  [/^models\/([^/]+)\/routes\/(\d{12})$/, (model, inverted) => ofRoute(model, inverted)],
  [/^trials\/([^/]+)\/([^/]+)\/proven$/, (model, version) => ofTrial('proven', model, version)],
  [/^trials\/([^/]+)\/([^/]+)\/attempt-\d{1,4}$/, (model, version) => ofTrial('attempt', model, version)],
  [/^keys\/([^/]+)\/key\.json$/, (id) => ofKey('key', id)],
  [/^keys\/([^/]+)\/revoked\.json$/, (id) => ofKey('revocation', id)],
  [
    /^audit\/(\d{13})-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.json$/,
    (inverted) => ({ kind: 'audit', atMs: latestMs - Number(inverted) }),
  ],
];

/** @returns null for a key that no store of the registry makes */
export function readObjectKey(key: string): ObjectKey | null {
  for (const [pattern, read] of patterns) {
    const found = pattern.exec(key);
    if (found !== null) return read(found[1] ?? '', found[2] ?? '');
  }
  return null;
}

/** The first part of the key of a change that was made then. */
export function invertedTime(atMs: number): string {
  return String(latestMs - atMs).padStart(13, '0');
}

function areNames(model: string, version: string): boolean {
  return isModelName(model) && versionSchema.safeParse(version).success;
}

function ofVersion(kind: 'version' | 'retiring', model: string, version: string): ObjectKey | null {
  return areNames(model, version) ? { kind, model, version } : null;
}

function ofTrial(kind: 'proven' | 'attempt', model: string, version: string): ObjectKey | null {
  return areNames(model, version) ? { kind } : null;
}

function ofRoute(model: string, inverted: string): ObjectKey | null {
  const epoch = highestEpoch - Number(inverted);
  return isModelName(model) && epoch > 0 ? { kind: 'route', model, epoch } : null;
}

function ofKey(kind: 'key' | 'revocation', id: string): ObjectKey | null {
  return keyIdSchema.safeParse(id).success ? { kind, id } : null;
}
