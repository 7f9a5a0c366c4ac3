import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, differences } from '../../registry/canonical-json.ts';

describe('canonicalJson', () => {
  it('spells objects with the same members alike, whatever their order', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
  });

  it('keeps the order of arrays and leaves out what is undefined', () => {
    expect(canonicalJson({ list: [2, 1], gone: undefined })).toBe('{"list":[2,1]}');
  });

  it('is stable under reordering and reads back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(reversed(JSON.parse(JSON.stringify(value))))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('differences', () => {
  it('names the deepest members that differ, with both sides', () => {
    const left = { a: { digest: 'x', bytes: 1 }, list: [1, 2], only: true };
    const right = { a: { digest: 'y', bytes: 1 }, list: [1, 3], other: null };
    expect(differences(left, right)).toEqual([
      { path: 'a.digest', left: 'x', right: 'y' },
      { path: 'list.1', left: 2, right: 3 },
      { path: 'only', left: true, right: undefined },
      { path: 'other', left: undefined, right: null },
    ]);
  });

  it('is empty exactly when the canonical texts are equal', () => {
    const seen = { equal: 0, different: 0 };
    fc.assert(
      fc.property(near, near, (left, right) => {
        const equal = canonicalJson(left) === canonicalJson(right);
        seen[equal ? 'equal' : 'different']++;
        expect(differences(left, reversed(left))).toEqual([]);
        expect(differences(left, right).length === 0).toBe(equal);
      }),
      { numRuns: 500 },
    );
    // Both sides of the claim were tried.
    expect(seen.equal).toBeGreaterThan(20);
    expect(seen.different).toBeGreaterThan(20);
  });

  it('names places at which the values really differ', () => {
    fc.assert(
      fc.property(near, near, (left, right) => {
        for (const { path, left: one, right: two } of differences(left, right)) {
          expect([at(left, path), at(right, path)]).toEqual([one, two]);
          expect(canonicalJson(one)).not.toBe(canonicalJson(two));
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** Values of so few keys and leaves that two of them are often equal, or equal in part. */
const { near } = fc.letrec<{ near: unknown }>((tie) => ({
  near: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(0, '0', null, true),
    fc.dictionary(fc.constantFrom('a', 'b'), tie('near'), { maxKeys: 2 }),
    fc.array(tie('near'), { maxLength: 2 }),
  ),
}));

function at(value: unknown, path: string): unknown {
  if (path === '') return value;
  return path.split('.').reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], value);
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
}
