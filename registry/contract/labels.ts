// The names of classes, and the order in which their scores stand.
import type { Break } from '../api/contract.ts';
import { cut, quote } from '../describe.ts';
import type { Manifest } from '../manifest.ts';
import { type Datatype, isFloat, type TensorSpec } from '../signature.ts';

type Described = Pick<Manifest, 'signature' | 'labels'>;
type Names = readonly (string | number)[];

const mostShown = 8;

export function labelBreaks(served: Described, next: Described): Break[] {
  const renamings = next.signature.outputs.flatMap(({ name }) => {
    // An output that is not served yet has no callers.
    if (!served.signature.outputs.some((output) => output.name === name)) return [];
    const [old, fresh] = [namesOf(served, name), namesOf(next, name)];
    if (old === null) return fresh === null ? [] : named(served, name, fresh);
    return fresh === null ? [unnamed(name, old)] : renamed(name, old, fresh);
  });
  return [...renamings, ...movedClasses(served, next)];
}

function namesOf({ labels }: Described, output: string): Names | null {
  return labels !== undefined && Object.hasOwn(labels, output) ? (labels[output] ?? null) : null;
}

/** Names make an output of scores a classifier's in answers to records, and are the keys of its scores. */
function named({ signature }: Described, output: string, fresh: Names): Break[] {
  const spec = signature.outputs.find(({ name }) => name === output);
  const isScores = spec !== undefined && isFloat(spec.datatype) && spec.shape.length === 2 && fresh.length > 1;
  const isClassifier = signature.outputs.some(isClass);
  // Scores of a classifier without names have the places of the classes as keys.
  if (!isScores || (isClassifier && fresh.every((name, place) => String(name) === String(place)))) return [];
  const how = isClassifier
    ? 'find scores by the names of the classes instead of their places'
    : `get 'label' and 'probabilities' instead of ${quote(output)}`;
  const change = { part: 'labels' as const, name: quote(output), was: 'nothing', becomes: list(fresh) };
  return [{ ...change, who: 'callers that send records', how }];
}

const classTypes: ReadonlySet<Datatype> = new Set<Datatype>(['INT64', 'INT32', 'BYTES']);

/** One class for each record. */
function isClass({ datatype, shape }: TensorSpec): boolean {
  return classTypes.has(datatype) && shape.length <= 2 && (shape[1] ?? 1) === 1;
}

function unnamed(output: string, old: Names): Break {
  return {
    ...{ part: 'labels', name: quote(output), was: list(old), becomes: 'nothing' },
    ...{ who: 'callers that read classes by their names', how: 'find none of them' },
  };
}

function renamed(output: string, old: Names, fresh: Names): Break[] {
  const gone = old.filter((name) => !fresh.includes(name));
  if (gone.length === 0) return [];
  return [
    {
      ...{ part: 'labels', name: quote(output), was: list(old), becomes: list(fresh) },
      ...{ who: 'callers that read classes by their names', how: `never find ${list(gone)}` },
    },
  ];
}

/** Classes that both versions know and whose scores stand in other places. */
export function movedClasses(served: Described, next: Described): Break[] {
  return next.signature.outputs.flatMap(({ name }) => {
    const [old, fresh] = [namesOf(served, name), namesOf(next, name)];
    if (old === null || fresh === null) return [];
    if (!old.some((label, index) => fresh[index] !== label && fresh.includes(label))) return [];
    return [
      {
        ...({ part: 'labels', name: quote(name), was: list(old), becomes: list(fresh) } as const),
        ...{ who: 'callers that read scores by their place', how: 'read those of a wrong class, without an error' },
      },
    ];
  });
}

/** Texts in quotes, so that '1' and 1 are told apart. */
function list(names: Names): string {
  const shown = names.slice(0, mostShown).map((name) => (typeof name === 'string' ? `'${cut(name)}'` : String(name)));
  return names.length > mostShown ? `${shown.join(', ')}, … ${names.length} in all` : shown.join(', ');
}
