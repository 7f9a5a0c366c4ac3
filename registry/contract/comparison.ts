// The differences that make it impossible to compare a shadow's answers with those of the version that serves.
import type { Break } from '../api/contract.ts';
import { describeTensor, quote } from '../describe.ts';
import type { Manifest } from '../manifest.ts';
import type { TensorSpec } from '../signature.ts';
import { inputBreaks } from './inputs.ts';
import { movedClasses } from './labels.ts';

const who = 'the comparison';

/**
 * A shadow of a version that takes pictures or texts is asked with them, and compared by what callers see; any other one with the
 * tensors of a request.
 * @returns empty if the answers of the two versions can be compared
 */
export function comparisonBreaks(served: Manifest, next: Manifest): Break[] {
  const [before, after] = [served.pipeline, next.pipeline];
  if (before === undefined || after === undefined) return tensorBreaks(served, next);
  if (before.task === after.task) return [];
  const change = { was: before.task, becomes: after.task, how: 'finds every answer different' };
  return [{ part: 'pipeline', name: before.task, who, ...change }];
}

/**
 * A shadow is asked with the tensors of a request for the outputs of the served version, by their names.
 * @returns empty if they can be compared
 */
export function tensorBreaks(served: Manifest, next: Manifest): Break[] {
  const { outputs } = served.signature;
  return [
    ...inputBreaks(served.signature, next.signature).map((found) => ({ ...found, who, how: 'counts errors alone' })),
    ...outputs.flatMap((before): Break[] => {
      const spec = next.signature.outputs.find(({ name }) => name === before.name);
      if (spec !== undefined && canBeEqual(before, spec)) return [];
      const becomes = spec === undefined ? 'nothing' : describeTensor(spec);
      const how = spec === undefined ? 'counts errors alone' : 'finds every answer different';
      return [{ part: 'output', name: quote(before.name), was: describeTensor(before), becomes, who, how }];
    }),
    ...movedClasses(served, next).map((found) => ({ ...found, who, how: 'takes scores of different classes for one' })),
  ];
}

function canBeEqual(before: TensorSpec, spec: TensorSpec): boolean {
  return (
    before.datatype === spec.datatype &&
    before.shape.length === spec.shape.length &&
    before.shape.every((size, axis) => size === -1 || spec.shape[axis] === -1 || size === spec.shape[axis])
  );
}
