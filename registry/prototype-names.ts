// Names that every JavaScript object inherits. As a member of JSON from outside they are refused: libraries drop them or write
// them through to the prototype, and a caller must not wonder where a value went.

const prototypeNames: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export function isPrototypeName(name: string): boolean {
  return prototypeNames.has(name);
}

/** Ends a sentence that names one. */
export const prototypeRefusal = 'is refused as a name, because JavaScript objects inherit it; use another';

/** A text without any of these has no such member: a name may be written with escapes. */
const mayName = /proto|constructor|\\u/;

/** @returns the first such name among the members of a value and of all that is in it; null if there is none */
export function findPrototypeName(text: string, value: unknown): string | null {
  if (!mayName.test(text)) return null;
  const waiting = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    for (const [name, member] of Object.entries(next)) {
      if (isPrototypeName(name)) return name;
      if (typeof member === 'object' && member !== null) waiting.push(member);
    }
  }
  return null;
}
