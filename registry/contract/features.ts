// The content of records: the names of the features, and the order in which they are the columns of a tensor.
import type { Break } from '../api/contract.ts';
import { quote } from '../describe.ts';
import { columnNames } from '../features.ts';
import type { Manifest } from '../manifest.ts';
import { listNames } from './list-names.ts';

type Described = Pick<Manifest, 'signature' | 'features'>;

/** An input by its name, with those of its columns; null: the input is a feature by itself. */
type Columns = ReadonlyMap<string, readonly string[] | null>;

export function featureBreaks(served: Described, next: Described): Break[] {
  const [before, after] = [columnsOf(served), columnsOf(next)];
  // Inputs that are features by themselves are compared as inputs.
  if (![...before.values(), ...after.values()].some((columns) => columns !== null)) return [];
  const [old, fresh] = [recordNames(before), recordNames(after)];
  return [...after].flatMap(([input, columns]) => {
    const earlier = before.get(input) ?? null;
    const names = columns ?? [input];
    const missing = names.filter((name) => !old.has(name));
    const was = listNames(earlier ?? (before.has(input) ? [input] : [...old]));
    const change = { part: 'features' as const, name: quote(input), was, becomes: listNames(names) };
    // A vector may still come as a list under its own name.
    const isWhole = old.has(input) && !fresh.has(input) && missing.length === names.length;
    const kept = columns === null && earlier !== null ? '; --features of the publisher keeps the names' : '';
    return [
      ...(missing.length === 0 || isWhole
        ? []
        : [
            {
              ...change,
              who: 'callers that send records',
              how: `get 400, because they lack ${listNames(missing)}${kept}`,
            },
          ]),
      ...(columns === null || earlier === null || startsWith(columns, earlier)
        ? []
        : [{ ...change, who: 'callers that send tensors', how: 'have columns read as others, without an error' }]),
    ];
  });
}

function columnsOf({ signature, features }: Described): Columns {
  const named = columnNames(signature, features);
  return new Map(signature.inputs.map(({ name }) => [name, named.get(name) ?? null]));
}

/** Every name that a record has. */
function recordNames(columns: Columns): ReadonlySet<string> {
  return new Set([...columns].flatMap(([input, names]) => names ?? [input]));
}

function startsWith(names: readonly string[], first: readonly string[]): boolean {
  return first.every((name, index) => names[index] === name);
}
