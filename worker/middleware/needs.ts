// Each call declares where it is mounted what its caller needs: the first handler of every mount is one of these.
import type { Context, MiddlewareHandler } from 'hono';
import type { Scope } from '../../registry/api-key.ts';
import type { AppContext } from '../http/app-context.ts';
import { requireRight } from '../security/caller.ts';
import { admit } from './admission.ts';
import { declarationOf, declare } from './declarations.ts';

type Guard = MiddlewareHandler<AppContext>;
type Handler = (c: Context<AppContext>) => Response | Promise<Response>;

/** The call is about the model in its path, or about all models where the path has none; one of the scopes is enough. */
export function needs(...scopes: readonly Scope[]): Guard {
  return guardOf({ scopes });
}

/** One of the scopes is enough: the call tells a caller only of the models that it may see, or of nothing that belongs to one. */
export function needsOnly(...scopes: readonly Scope[]): Guard {
  return guardOf({ scopes, open: true });
}

/**
 * For a call whose body names the model, behind `needsOnly`.
 * @throws {PopserveError} PERMISSION_DENIED for a key that is for other models only
 */
export function needsModel(c: Context<AppContext>, scope: Scope, model: string): void {
  const caller = c.get('caller');
  if (caller !== undefined) requireRight(caller, { scopes: [scope], model });
}

function guardOf(need: Parameters<typeof admit>[1]): Guard {
  const guard: Guard = (c, next) => {
    const admitted = admit(c, need);
    return admitted === undefined ? next() : admitted.then(next);
  };
  return declare(guard, { scopes: need.scopes });
}

/** The call is for everybody. */
export const open: Guard = declare((_, next) => next(), { scopes: [] });

/** Hono answers HEAD by the handler of GET: this gives HEAD a need of its own. */
export function forHead(head: Guard, get: Guard): Guard {
  const choose: Guard = (c, next) => (c.req.method === 'HEAD' ? head(c, next) : get(c, next));
  return declare(choose, { scopes: declarationOf(get).scopes, headScopes: declarationOf(head).scopes });
}

/** A word in the place of a model's name, which the router cannot tell from one: other names go on to the next mount. */
export function insteadOfModel(word: string, guard: Guard, handler: Handler): Guard {
  return declare(
    (c, next) => {
      if (c.req.param('model') !== word) return next();
      return guard(c, async () => {
        c.res = await handler(c);
      });
    },
    { scopes: declarationOf(guard).scopes, insteadOfModel: word },
  );
}
