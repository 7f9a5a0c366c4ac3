// The environment of a process that runs a file of unknown origin. Operators keep tokens in theirs, and whatever a hostile file makes
// native code do, it must not find them there.

/** Where programs are and how text is written, under the names of all systems. */
const harmless = new Set(
  [
    ...['PATH', 'HOME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TMPDIR', 'TEMP', 'TMP'],
    ...['SystemRoot', 'SystemDrive', 'windir', 'ComSpec', 'PATHEXT', 'USERPROFILE', 'LOCALAPPDATA', 'APPDATA'],
  ].map((name) => name.toUpperCase()),
);

/** The variables that every program may need, and no others. */
export function childEnvironment(own: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = Object.entries(own).filter(([name]) => harmless.has(name.toUpperCase()));
  return Object.fromEntries(kept.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** Set by miniflare itself for the process that it starts. */
const setByMiniflare = new Set(['TZ', 'FORCE_COLOR']);

/** For miniflare, which hands on its own environment and cannot leave a variable out of it: empty texts over all that are not needed. */
export function blankedEnvironment(own: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = childEnvironment(own);
  const others = Object.keys(own).filter((name) => !Object.hasOwn(kept, name) && !setByMiniflare.has(name));
  return Object.fromEntries(others.map((name) => [name, '']));
}
