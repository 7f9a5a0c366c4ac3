// Questions that a handler may ask about the caller of an admitted request.
import type { Context } from 'hono';
import { PopserveError } from '../../registry/errors.ts';
import { limitedAddress } from '../security/rate-gate.ts';
import type { Sender } from '../telemetry/drift/caller-bucket.ts';
import type { AppContext } from './app-context.ts';

/** The models that a list may tell the caller of; null: all. */
export function visibleModels(c: Context<AppContext>): ReadonlySet<string> | null {
  return c.get('caller')?.models ?? null;
}

/** The caller's id where it is for some models only: what it has uploaded is recorded, and it may name no other blobs. */
export function uploaderOf(c: Context<AppContext>): string | null {
  const caller = c.get('caller');
  return caller === undefined || caller.models === null ? null : caller.id;
}

/** The client's address as the platform tells it and as it is limited; clients cannot set it there. */
export function addressOf(c: Context<AppContext>): string {
  return limitedAddress(c.req.header('cf-connecting-ip') ?? '');
}

/** Whom the memory of a request counts against: its key or, without one, its address; null where the platform tells none. */
export function holderOf(c: Context<AppContext>): string | null {
  return c.get('caller')?.id ?? (addressOf(c) || null);
}

/** Who sends what is counted for drift; null for the operator, whose replays of golden vectors are no production data. */
export function senderOf(c: Context<AppContext>): Sender | null {
  const caller = c.get('caller');
  return caller?.id === 'operator' ? null : { id: holderOf(c), known: caller !== undefined };
}

/**
 * The name under which an authenticated caller's change is recorded: the header `popserve-actor`, which is believed of the
 * operator's token; beside a key's or a token's own id, which it cannot choose.
 * @throws PopserveError INVALID_ARGUMENT if the header is not 1 to 128 printable characters
 */
export function actorOf(c: Context<AppContext>): string {
  const named = c.req.header('popserve-actor');
  if (named !== undefined && !/^[\x20-\x7e]{1,128}$/.test(named)) {
    throw new PopserveError('INVALID_ARGUMENT', 'popserve-actor: expected 1 to 128 printable ASCII characters');
  }
  const caller = c.get('caller');
  if (caller === undefined || caller.id === 'operator') return named ?? 'operator';
  return named === undefined ? caller.id : `${named} (${caller.id})`;
}
