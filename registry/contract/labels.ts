// The names of classes, and the order in which their scores stand.
import type { Break } from '../api/contract.ts';
import { quote } from '../describe.ts';
import type { Manifest } from '../manifest.ts';
import { listLabels } from './list-names.ts';

type Described = Pick<Manifest, 'signature' | 'labels'>;
type Names = readonly (string | number)[];

export function labelBreaks(served: Described, next: Described): Break[] {
  const renamings = next.signature.outputs.flatMap(({ name }) => {
    // An output that is not served yet has no callers.
    if (!served.signature.outputs.some((output) => output.name === name)) return [];
    const [old, fresh] = [namesOf(served, name), namesOf(next, name)];
    // The fields of answers to records are compared in answers.ts.
    if (old === null) return [];
    return fresh === null ? [unnamed(name, old)] : renamed(name, old, fresh);
  });
  return [...renamings, ...movedClasses(served, next)];
}

function namesOf({ labels }: Described, output: string): Names | null {
  return labels !== undefined && Object.hasOwn(labels, output) ? (labels[output] ?? null) : null;
}

function unnamed(output: string, old: Names): Break {
  return {
    ...{ part: 'labels', name: quote(output), was: listLabels(old), becomes: 'nothing' },
    ...{ who: 'callers that read classes by their names', how: 'find none of them' },
  };
}

function renamed(output: string, old: Names, fresh: Names): Break[] {
  const gone = old.filter((name) => !fresh.includes(name));
  if (gone.length === 0) return [];
  return [
    {
      ...{ part: 'labels', name: quote(output), was: listLabels(old), becomes: listLabels(fresh) },
      ...{ who: 'callers that read classes by their names', how: `never find ${listLabels(gone)}` },
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
        ...({ part: 'labels', name: quote(name), was: listLabels(old), becomes: listLabels(fresh) } as const),
        ...{ who: 'callers that read scores by their place', how: 'read those of a wrong class, without an error' },
      },
    ];
  });
}
