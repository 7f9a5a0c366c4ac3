// The version that a release gets when its publisher names none.
import { versionSchema } from '../../registry/names.ts';

const naturalOrder = new Intl.Collator('en', { numeric: true });

/**
 * The next number after the highest version: `v1` -> `v2`, `9` -> `10`; `1` for the first. Where the highest is no plain
 * number (`1.4.2`, `2026-11-23.1`) nobody can tell what comes next, and the version is a date: `2026-11-24.1`.
 * @param existing in any order, those that were retired too: their names are taken
 */
export function nextVersion(existing: readonly string[], today: Date): string {
  const highest = highestVersion(existing);
  if (highest === undefined) return '1';
  return increment(highest) ?? datedVersion(existing, today);
}

/** By numbers where there are numbers: `v10` is above `v9`, whether written with `v` or without. */
export function highestVersion(versions: readonly string[]): string | undefined {
  return [...versions].sort((a, b) => naturalOrder.compare(withoutV(a), withoutV(b))).at(-1);
}

function increment(version: string): string | undefined {
  const digits = withoutV(version);
  if (!/^[0-9]+$/.test(digits)) return undefined;
  const prefix = version.slice(0, version.length - digits.length);
  const next = `${prefix}${String(BigInt(digits) + 1n).padStart(digits.length, '0')}`;
  return versionSchema.safeParse(next).success ? next : undefined;
}

function datedVersion(existing: readonly string[], today: Date): string {
  const taken = new Set(existing);
  const date = today.toISOString().slice(0, 10);
  for (let release = 1; ; release++) {
    const version = `${date}.${release}`;
    if (!taken.has(version)) return version;
  }
}

function withoutV(version: string): string {
  return version.startsWith('v') ? version.slice(1) : version;
}
