// The caller of a request once its credential has been checked, and what the caller may do.
import type { Scope } from '../../registry/api-key.ts';
import { PopserveError } from '../../registry/errors.ts';

export interface Caller {
  /** The name in logs and in the audit: `operator`, `key:<id>` or `jwt:<subject>`. */
  readonly id: string;
  /** The name of a person or device, if the credential has one. */
  readonly name: string | null;
  readonly scopes: ReadonlySet<Scope>;
  /** The only models that the caller may see; null for all. */
  readonly models: ReadonlySet<string> | null;
}

/** The scopes that include a scope. */
const holders: Readonly<Record<Scope, readonly Scope[]>> = {
  infer: ['infer', 'admin'],
  read: ['read', 'release', 'admin'],
  release: ['release', 'admin'],
  admin: ['admin'],
};

/** The right that a call needs. */
export interface Need {
  /** Any one of these scopes is enough. */
  readonly scopes: readonly Scope[];
  /** The model that the call is about; null if it is about all models. */
  readonly model: string | null;
  /** Set if the answer is filtered to what the caller may see, or has nothing that belongs to a model. */
  readonly open?: boolean;
}

/** `admin` is a right over all models at once: a credential for some of them holds none of it, whoever made it out. */
function holds({ scopes, models }: Caller, holder: Scope): boolean {
  return scopes.has(holder) && (holder !== 'admin' || models === null);
}

/** @throws {PopserveError} PERMISSION_DENIED when the caller lacks the scope or the model; the message names it */
export function requireRight(caller: Caller, { scopes, model, open = false }: Need): void {
  if (!scopes.some((scope) => holders[scope].some((holder) => holds(caller, holder)))) {
    const has = [...caller.scopes].join(', ') || 'none';
    const why = caller.scopes.has('admin') ? ', and admin does not count for a key that is for some models only' : '';
    throw new PopserveError(
      'PERMISSION_DENIED',
      `this call needs scope ${scopes.join(' or ')}, the key has ${has}${why}`,
    );
  }
  if (caller.models === null || open) return;
  if (model !== null && caller.models.has(model)) return;
  const asked = model === null ? 'all models' : `model '${model.slice(0, 64)}'`;
  throw new PopserveError(
    'PERMISSION_DENIED',
    `the key is for ${[...caller.models].join(', ')} only, not for ${asked}`,
  );
}
