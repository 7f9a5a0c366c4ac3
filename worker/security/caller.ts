// Who asks, once its credential has been checked, and what that lets it do.
import type { Scope } from '../../registry/api-key.ts';
import { PopserveError } from '../../registry/errors.ts';

export interface Caller {
  /** For logs and the audit: `operator`, `key:<id>`, `jwt:<subject>`. */
  readonly id: string;
  /** A person's or device's name, as far as the credential tells one. */
  readonly name: string | null;
  readonly scopes: ReadonlySet<Scope>;
  /** The only models that it may see; null: all. */
  readonly models: ReadonlySet<string> | null;
}

/** Which scopes hold a scope. */
const holders: Readonly<Record<Scope, readonly Scope[]>> = {
  infer: ['infer', 'admin'],
  read: ['read', 'release', 'admin'],
  release: ['release', 'admin'],
  admin: ['admin'],
};

/** What a call needs. */
export interface Need {
  /** One of these is enough. */
  readonly scopes: readonly Scope[];
  /** The model that the call is about; null: it is about all. */
  readonly model: string | null;
  /** The call shows a caller only what it may see, or nothing that belongs to a model. */
  readonly open?: boolean;
}

/** @throws PopserveError PERMISSION_DENIED that names what is missing */
export function requireRight(caller: Caller, { scopes, model, open = false }: Need): void {
  if (!scopes.some((scope) => holders[scope].some((holder) => caller.scopes.has(holder)))) {
    const has = [...caller.scopes].join(', ') || 'none';
    throw new PopserveError('PERMISSION_DENIED', `this call needs scope ${scopes.join(' or ')}, the key has ${has}`);
  }
  if (caller.models === null || open) return;
  if (model !== null && caller.models.has(model)) return;
  const asked = model === null ? 'all models' : `model '${model.slice(0, 64)}'`;
  throw new PopserveError(
    'PERMISSION_DENIED',
    `the key is for ${[...caller.models].join(', ')} only, not for ${asked}`,
  );
}
