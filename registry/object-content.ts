// The content of an object of the registry against its key, and the form in which it is put. Whatever comes from a backup is checked
// here as if it had never been in the registry.
import * as z from 'zod';
import { auditRecordSchema } from './api/audit.ts';
import { apiKeySchema, revocationSchema } from './api-key.ts';
import { canonicalJson } from './canonical-json.ts';
import { PopserveError } from './errors.ts';
import { type Manifest, manifestSchema } from './manifest.ts';
import type { ObjectKey } from './object-key.ts';
import { check, parseJson, tellFaults } from './parse.ts';
import { objectOfManifest, objectOfTombstone, type Tombstoned, tombstoneSchema } from './r2-manifest-store.ts';
import { routeSchema } from './route.ts';

/** What R2 is given. */
export interface ObjectForm {
  readonly body: string;
  readonly customMetadata?: Record<string, string>;
}

/** R2 keeps an attempt in the metadata of an empty object, so that a list tells all of them; its content here is that metadata. */
const attemptSchema = z.strictObject({
  by: z.string().max(64),
  pop: z.string().max(64),
  failure: z.string().max(2000).optional(),
});

/** A version's object holds one of the two. */
const versionSchema = z.union([tombstoneSchema, manifestSchema]);

/**
 * @param text the content: JSON in its canonical spelling; empty for a mark
 * @returns the form to put
 * @throws {PopserveError} UNPROCESSABLE when it is not what the key stands for
 */
export async function checkContent(key: string, about: ObjectKey, text: string): Promise<ObjectForm> {
  switch (about.kind) {
    case 'blob':
      throw new PopserveError('INVALID_ARGUMENT', `${key}: a blob is read and stored under /registry/blobs`);
    case 'upload':
    case 'proven':
      if (text !== '') throw fault(key, `expected no content, got ${text.length} characters`);
      return { body: text };
    case 'attempt':
      return { body: '', customMetadata: stringsOf(read(key, text, attemptSchema)) };
    case 'version':
      return formOfVersion(key, about, read(key, text, versionSchema));
    case 'retiring': {
      const manifest = read(key, text, manifestSchema);
      requireNames(key, about, manifest);
      return await objectOfManifest(manifest);
    }
    case 'route': {
      const { model, epoch } = read(key, text, routeSchema);
      requireSame(key, 'model', about.model, model);
      requireSame(key, 'epoch', about.epoch, epoch);
      return { body: text };
    }
    case 'key':
      requireSame(key, 'id', about.id, read(key, text, apiKeySchema).id);
      return { body: text };
    case 'revocation':
      read(key, text, revocationSchema);
      return { body: text };
    case 'audit':
      requireSame(key, 'time', about.atMs, Date.parse(read(key, text, auditRecordSchema).at));
      return { body: text };
  }
}

/** The content of an attempt, from the metadata of its object. */
export function attemptText(customMetadata: Readonly<Record<string, string>> = {}): string {
  return canonicalJson(customMetadata);
}

/** @returns the manifest in the content of a version's object; null for a tombstone */
export function manifestIn(text: string): Manifest | null {
  const checked = check(versionSchema, parseJson(text, 'a version'));
  return 'data' in checked && !('retired' in checked.data) ? checked.data : null;
}

function formOfVersion(
  key: string,
  about: { model: string; version: string },
  content: Manifest | Tombstoned,
): Promise<ObjectForm> | ObjectForm {
  if ('retired' in content) return objectOfTombstone(content);
  requireNames(key, about, content);
  return objectOfManifest(content);
}

function read<S extends z.ZodType>(key: string, text: string, schema: S): z.output<S> {
  const value = parseJson(text, key, 'UNPROCESSABLE');
  if (canonicalJson(value) !== text) throw fault(key, 'expected canonical JSON: members sorted, no white space');
  const checked = check(schema, value);
  if ('data' in checked) return checked.data;
  throw fault(key, tellFaults(checked.faults));
}

function requireNames(key: string, about: { model: string; version: string }, manifest: Manifest): void {
  requireSame(key, 'model', about.model, manifest.model);
  requireSame(key, 'version', about.version, manifest.version);
}

function requireSame(key: string, what: string, expected: string | number, found: string | number): void {
  if (expected !== found) throw fault(key, `expected the ${what} '${expected}' as in the key, got '${found}'`);
}

function fault(key: string, message: string): PopserveError {
  return new PopserveError('UNPROCESSABLE', `${key}: ${message}`);
}

function stringsOf(attempt: z.infer<typeof attemptSchema>): Record<string, string> {
  const { by, pop, failure } = attempt;
  return { by, pop, ...(failure === undefined ? {} : { failure }) };
}
