// Changes of API keys with their notes for the audit: the same for the API and for the console.
import type { CreatedKey, RevokedKey } from '../../registry/api/keys.ts';
import type { KeyRequest } from '../../registry/api-key.ts';
import type { Isolate } from '../isolate.ts';
import type { Operator } from './release.ts';

/** @returns the only thing that ever carries the key itself */
export async function createKey(
  { security }: Pick<Isolate, 'security'>,
  request: KeyRequest,
  operator: Operator,
): Promise<CreatedKey> {
  const { key, token } = await security.keys.create(request, operator.actor);
  const { id, name, scopes, models, expiresAt } = key;
  operator.note('key created', { id, name, scopes, models, expiresAt });
  return { key, token };
}

/** Revoking twice changes nothing. @throws {PopserveError} NOT_FOUND */
export async function revokeKey(
  { security, config }: Pick<Isolate, 'security' | 'config'>,
  id: string,
  reason: string | null,
  operator: Operator,
): Promise<RevokedKey> {
  const { key, revoked } = await security.revokeKey(id, { actor: operator.actor, reason });
  if (revoked) operator.note('key revoked', { id, name: key.name, reason });
  return { key, everywhereWithinSeconds: config.keyCacheSeconds };
}
