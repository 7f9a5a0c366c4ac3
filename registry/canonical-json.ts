// One spelling for each JSON value: keys sorted, no white space. So equal content is equal text, and its digest is stable.

/** The JSON text of a value, with the keys of every object in code-unit order. Members that are `undefined` are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (isRecord(member) ? sortKeys(member) : member));
}

export interface Difference {
  /** Dotted path of the member, `artifacts.model.digest`. */
  path: string;
  left: unknown;
  right: unknown;
}

/** The members in which two JSON values differ, each at the deepest place where both sides still have one. */
export function differences(left: unknown, right: unknown, path = ''): Difference[] {
  if (isContainer(left) && isContainer(right) && Array.isArray(left) === Array.isArray(right)) {
    const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
    return [...keys].flatMap((key) =>
      differences(own(left, key), own(right, key), path === '' ? key : `${path}.${key}`),
    );
  }
  return canonicalJson(left) === canonicalJson(right) ? [] : [{ path, left, right }];
}

/** An own member, not one that every object inherits (`constructor`). */
function own(record: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function sortKeys(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return isContainer(value) && !Array.isArray(value);
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
