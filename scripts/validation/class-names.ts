// Names of classes as people and models write them: which class a text means, and the order of those that have none.

/** Finds a class by its name, else by the one way of writing it that is alike, else by the number of its column. */
export class ClassNames {
  readonly #exact: ReadonlyMap<string, number>;
  /** -1 for a spelling that two classes share. */
  readonly #plain = new Map<string, number>();
  readonly #count: number;
  readonly #hasNumbers: boolean;

  constructor(names: readonly string[]) {
    this.#exact = new Map(names.map((name, index) => [name, index]));
    for (const [index, name] of names.entries()) {
      const plain = plainLabel(name);
      this.#plain.set(plain, this.#plain.has(plain) ? -1 : index);
    }
    this.#count = names.length;
    this.#hasNumbers = names.some((name) => isNumber(name));
  }

  /** @returns -1 for a text that means none of the classes, or two of them */
  indexOf(text: string): number {
    const exact = this.#exact.get(text);
    if (exact !== undefined) return exact;
    const plain = plainLabel(text);
    const alike = this.#plain.get(plain) ?? this.#plain.get(otherTruth(plain));
    if (alike !== undefined) return alike;
    return /^\d+$/.test(plain) && Number(plain) < this.#count && !this.#hasNumbers ? Number(plain) : -1;
  }
}

/** `1`, `1.0` and `01` are the same class; so are `True` and `true`. Integers keep all their digits. */
export function plainLabel(text: string): string {
  const trimmed = text.trim();
  if (/^(true|false)$/i.test(trimmed)) return trimmed.toLowerCase();
  const [, integer] = /^([+-]?\d+)(?:\.0*)?$/.exec(trimmed) ?? [];
  if (integer !== undefined) return String(BigInt(integer.replace(/^\+/, '')));
  return isNumber(trimmed) ? String(Number(trimmed)) : trimmed;
}

/**
 * The classes of a model that says only labels: those that it says, and those that are true.
 * @returns numbers first, in their order, then names in theirs
 */
export function seenClasses(said: readonly string[], truth: readonly string[]): string[] {
  const names = new Set(said);
  const known = new ClassNames([...names]);
  for (const text of truth) if (known.indexOf(text) === -1) names.add(plainLabel(text));
  return [...names].sort(byNumberThenName);
}

export function isNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text));
}

/** Is this 0, 1, true or false? */
export function isTruthValue(text: string): boolean {
  return ['0', '1', 'true', 'false'].includes(plainLabel(text));
}

/** A truth value and the number that stands for it. */
function otherTruth(plain: string): string {
  const pairs: Readonly<Record<string, string>> = { true: '1', false: '0', 1: 'true', 0: 'false' };
  return (Object.hasOwn(pairs, plain) ? pairs[plain] : undefined) ?? plain;
}

function byNumberThenName(a: string, b: string): number {
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? -1 : 1;
  return (isNumber(a) ? Number(a) - Number(b) : 0) || (a < b ? -1 : a > b ? 1 : 0);
}
