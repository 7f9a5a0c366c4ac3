// The text of a value in JSON, by its path.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sourceAt } from '../../../worker/protocol/json-source.ts';

const at = (text: string, ...path: (string | number)[]) => sourceAt(new TextEncoder().encode(text), path);

test('a number is told as it was written', () => {
  const text = ' {"a,]" : [1, {"b\\"": [ 2 ,9223372036854775808,1e400]} ], "x": 3} ';
  expect(at(text, 'a,]', 1, 'b"', 1)).toBe('9223372036854775808');
  expect(at(text, 'a,]', 1, 'b"', 2)).toBe('1e400');
  expect(at(text, 'x')).toBe('3');
  expect(at(' 12 ')).toBe('12');
});

test('of a name that stands twice the last counts, however it is spelled', () => {
  expect(at('{"shape":[1],"\\u0073hape":[2]}', 'shape', 0)).toBe('2');
});

test('a path that leads nowhere has no text', () => {
  for (const path of [['y'], ['x', 0], ['a', 2], ['a', 'b']]) expect(at('{"a":[1,2],"x":3}', ...path)).toBeNull();
  expect(at('[]', 0)).toBeNull();
});

test('the text at any path of any JSON is what stands there', () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 4 }),
      fc.nat(),
      fc.constantFrom(undefined, 1, '\n\t'),
      (value, pick, space) => {
        const places = placesOf(value);
        const [path = [], part] = places[pick % places.length] ?? [[], value];
        expect(JSON.parse(at(JSON.stringify(value, null, space), ...path) ?? 'null')).toEqual(part);
      },
    ),
  );
});

type Place = [path: (string | number)[], value: unknown];

/** Every value within a value, JSON's own reading of it. */
function placesOf(value: unknown): Place[] {
  const parsed: unknown = JSON.parse(JSON.stringify(value));
  const inner: Place[] = Array.isArray(parsed)
    ? parsed.map((part, index): Place => [[index], part])
    : Object.entries(typeof parsed === 'object' && parsed !== null ? parsed : {}).map(([name, part]) => [[name], part]);
  const deeper = inner.flatMap(([path, part]) => placesOf(part).map(([rest, own]): Place => [[...path, ...rest], own]));
  return [[[], parsed], ...deeper];
}
