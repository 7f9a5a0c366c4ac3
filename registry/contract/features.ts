// The content of records: the names of the features, and the order in which they are the columns of a tensor.
import type { Break } from '../api/contract.ts';
import { quote } from '../describe.ts';
import type { Manifest } from '../manifest.ts';
import { listNames } from './list-names.ts';

type Described = Pick<Manifest, 'signature' | 'features'>;

export function featureBreaks(served: Described, next: Described): Break[] {
  const [before, after] = [columnsOf(served), columnsOf(next)];
  // Inputs that are features by themselves are compared as inputs.
  if (before.columns === null && after.columns === null) return [];
  const [old, fresh] = [before.columns ?? before.names, after.columns ?? after.names];
  const name = quote(after.input ?? before.input ?? '');
  const change = { part: 'features' as const, name, was: listNames(old), becomes: listNames(fresh) };
  const missing = fresh.filter((name) => !old.includes(name));
  return [
    ...(missing.length === 0
      ? []
      : [{ ...change, who: 'callers that send records', how: `get 400, because they lack ${listNames(missing)}` }]),
    ...(before.columns === null || after.columns === null || before.input !== after.input || startsWith(fresh, old)
      ? []
      : [{ ...change, who: 'callers that send tensors', how: 'have columns read as others, without an error' }]),
  ];
}

/** As records are decoded: the named columns of the only input, or the inputs themselves. */
function columnsOf({ signature, features }: Described): {
  input: string | null;
  columns: readonly string[] | null;
  names: readonly string[];
} {
  const names = signature.inputs.map(({ name }) => name);
  const [only, ...others] = names;
  const isColumns = features !== undefined && others.length === 0 && !(features.length === 1 && features[0] === only);
  return { input: isColumns ? (only ?? null) : null, columns: isColumns ? features : null, names };
}

function startsWith(names: readonly string[], first: readonly string[]): boolean {
  return first.every((name, index) => names[index] === name);
}
