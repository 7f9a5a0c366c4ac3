// Which mounts say what they need. A mount that says nothing is not silently open: the app does not start with it.

/** `guard`: the handlers behind it are covered; `whole`: it answers by itself, and covers no other handler. */
const declarations = new WeakMap<object, 'guard' | 'whole'>();

/** Marks a handler as one that says, and checks, what its mount needs. */
export function declare<T extends object>(handler: T, kind: 'guard' | 'whole' = 'guard'): T {
  declarations.set(handler, kind);
  return handler;
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
    if (declaration !== undefined) covered = declaration === 'guard' ? mount : '';
    else if (method !== 'ALL' && covered !== mount) missing.push(mount);
  }
  if (missing.length === 0) return;
  throw new Error(`nothing is declared for ${missing.join(', ')}: put needs(), needsOnly() or open before the handler`);
}
