// The answers to records: the fields of a prediction, and the keys of a classifier's scores.
import type { Break } from '../api/contract.ts';
import { answerFields, classifierOf, scoreKeys } from '../classifier.ts';
import type { Manifest } from '../manifest.ts';
import { listNames } from './list-names.ts';

type Described = Pick<Manifest, 'signature' | 'labels' | 'roles'>;

const part = { part: 'answer', name: 'to records', who: 'callers that send records' } as const;

export function answerBreaks(served: Described, next: Described): Break[] {
  const [old, fresh] = [answerFields(served), answerFields(next)];
  // An output that is gone altogether is missed as an output.
  const isOutput = (field: string) => served.signature.outputs.some(({ name }) => name === field);
  const isKept = (field: string) => next.signature.outputs.some(({ name }) => name === field);
  const gone = old.filter((field) => !fresh.includes(field) && (!isOutput(field) || isKept(field)));
  return [
    ...(gone.length === 0
      ? []
      : [{ ...part, was: listNames(old), becomes: listNames(fresh), how: `do not find ${listNames(gone)}` }]),
    ...keyBreaks(served, next),
  ];
}

/** Names that are lost or changed are told as labels. */
function keyBreaks(served: Described, next: Described): Break[] {
  const [before, after] = [classifierOf(served), classifierOf(next)];
  if (before === null || after === null || before.names !== null || after.names === null) return [];
  const [old, fresh] = [scoreKeys(before), scoreKeys(after)];
  const gone = old.filter((key) => !fresh.includes(key));
  if (gone.length === 0) return [];
  return [{ ...part, was: listNames(old), becomes: listNames(fresh), how: `find no scores of ${listNames(gone)}` }];
}
