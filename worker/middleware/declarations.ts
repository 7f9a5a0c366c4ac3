// Which mounts say what they need. A mount that says nothing is not silently open: the app does not start with it. The description
// of the API reads the same declarations.
import type { Scope } from '../../registry/api-key.ts';

export interface Declaration {
  /** One of them is enough; none: the call is for everybody. */
  readonly scopes: readonly Scope[];
  /** The same for HEAD, where that needs another right than GET. */
  readonly headScopes?: readonly Scope[];
  /** A page for people: the description of the API leaves it out. */
  readonly page?: true;
  /** The handler answers for this word in the place of a model's name, and covers no other handler. */
  readonly insteadOfModel?: string;
}

const declarations = new WeakMap<object, Declaration>();

/** Marks a handler as one that says, and checks, what its mount needs. */
export function declare<T extends object>(handler: T, declaration: Declaration): T {
  declarations.set(handler, declaration);
  return handler;
}

/** @throws TypeError for a handler that was not declared */
export function declarationOf(handler: object): Declaration {
  const declaration = declarations.get(handler);
  if (declaration === undefined)
    throw new TypeError('the handler declares nothing: make it with needs(), needsOnly() or open');
  return declaration;
}

interface Mount {
  readonly method: string;
  readonly path: string;
  readonly handler: object;
}

/**
 * @param routes of the app, in the order in which they were mounted; middleware (method ALL) is left out
 * @throws Error that names each mount whose first handler declares nothing
 */
export function requireDeclarations(routes: readonly Mount[]): void {
  const missing: string[] = [];
  let covered = '';
  for (const { method, path, handler } of routes) {
    const mount = `${method} ${path}`;
    const declaration = declarations.get(handler);
    if (declaration !== undefined) covered = declaration.insteadOfModel === undefined ? mount : '';
    else if (method !== 'ALL' && covered !== mount) missing.push(mount);
  }
  if (missing.length === 0) return;
  throw new Error(`nothing is declared for ${missing.join(', ')}: put needs(), needsOnly() or open before the handler`);
}

/** A call that the app answers, and the scopes of which it takes one. */
export interface DeclaredCall {
  readonly method: string;
  readonly path: string;
  readonly scopes: readonly Scope[];
}

/** Every call of the app, from what its mounts declare. @param routes as for {@link requireDeclarations} */
export function declaredCalls(routes: readonly Mount[]): DeclaredCall[] {
  return routes.flatMap(({ method, path, handler }) => {
    const declaration = declarations.get(handler);
    if (declaration === undefined || declaration.page || method === 'ALL') return [];
    const { scopes, headScopes, insteadOfModel } = declaration;
    const mounted = insteadOfModel === undefined ? path : path.replace(':model', insteadOfModel);
    const call = { method, path: mounted, scopes };
    return headScopes === undefined ? [call] : [call, { method: 'HEAD', path: mounted, scopes: headScopes }];
  });
}
