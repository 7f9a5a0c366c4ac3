import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedMap } from '../../registry/bounded-map.ts';

test('holds the entries that were set last, newest at the end, and tells of each that made room', () => {
  const sets = fc.array(fc.tuple(fc.nat(12), fc.nat()), { maxLength: 60 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), sets, (most, entries) => {
      const dropped: number[] = [];
      const map = new BoundedMap<number, number>(most, (value) => dropped.push(value));
      let expected: [number, number][] = [];
      const expectedDropped: number[] = [];
      for (const [key, value] of entries) {
        map.set(key, value);
        expected = [...expected.filter(([other]) => other !== key), [key, value]];
        if (expected.length > most) expectedDropped.push(...expected.splice(0, 1).map(([, oldest]) => oldest));
        expect([...map]).toEqual(expected);
      }
      expect(dropped).toEqual(expectedDropped);
    }),
  );
});

test('does not tell of what is deleted', () => {
  const dropped: string[] = [];
  const map = new BoundedMap<string, string>(1, (value) => dropped.push(value));
  map.set('a', 'first').delete('a');
  map.set('b', 'second');
  expect([...map]).toEqual([['b', 'second']]);
  expect(dropped).toEqual([]);
});
