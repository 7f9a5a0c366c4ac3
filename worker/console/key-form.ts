// A new API key as the console's form sends it, told in words before it is made, and as the command that does the same.
import * as z from 'zod';
import { type KeyRequest, keyRequestSchema, type Scope, scopeSchema } from '../../registry/api-key.ts';
import { parse } from '../../registry/parse.ts';
import { shellLine } from '../../registry/shell-words.ts';

const dayMs = 86_400_000;

/** Fields as a browser sends them: a field that was left empty is an empty text, a choice of several is a list. */
const fieldsSchema = z.object({
  name: z.string(),
  scope: z.union([z.array(scopeSchema), scopeSchema.transform((scope) => [scope])], 'choose at least one right'),
  models: z.string().max(8_000).default(''),
  days: z.preprocess(
    (text) => (text === '' ? undefined : text),
    z.coerce.number('expected a number of days').int().min(1).max(36_500).optional(),
  ),
});

export interface NewKey {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Null for all. */
  readonly models: readonly string[] | null;
  /** Null: it does not expire. */
  readonly days: number | null;
}

/** @throws {PopserveError} INVALID_ARGUMENT that names the field at fault */
export function readNewKey(sent: Readonly<Record<string, unknown>>): NewKey {
  const { name, scope, models, days } = parse(fieldsSchema, sent, 'the form');
  const names = models.split(/[\s,]+/).filter((word) => word !== '');
  const key = { name: name.trim(), scopes: scope, models: names.length === 0 ? null : names, days: days ?? null };
  requestOf(key, 0);
  return key;
}

export function requestOf({ name, scopes, models, days }: NewKey, nowMs: number): KeyRequest {
  const expiresAt = days === null ? null : new Date(nowMs + days * dayMs).toISOString();
  return parse(keyRequestSchema, { name, scopes, models, expiresAt }, 'the key');
}

const rights: Readonly<Record<Scope, string>> = {
  infer: 'ask models, and read what they are',
  read: 'look at models, versions, releases, drift',
  release: 'store versions and change what is served',
  admin: 'do everything, including keys and the audit',
};

/** What the holder may do, in a sentence for each right. */
export function describeNewKey({ name, scopes, models, days }: NewKey): string[] {
  return [
    `Whoever holds the key '${name}' may ${scopes.map((scope) => rights[scope]).join('; ')}.`,
    models === null ? 'It is for all models.' : `It is for ${models.join(', ')} only.`,
    days === null ? 'It does not expire.' : `It expires ${days === 1 ? 'in a day' : `in ${days} days`}.`,
    'It is shown once, right after it is made.',
  ];
}

export function createCommand({ name, scopes, models, days }: NewKey): string {
  // A name that looks like an option stands behind the marker that ends them.
  const first = name.startsWith('-') ? [] : [name];
  const words = ['npx', 'popserve', 'keys', 'create', ...first];
  for (const scope of scopes) words.push('--scope', scope);
  for (const model of models ?? []) words.push('--model', model);
  if (days !== null) words.push('--expires', String(days));
  if (first.length === 0) words.push('--', name);
  return shellLine(words);
}

export function revokeCommand(id: string): string {
  return `npx popserve keys revoke ${id}`;
}
