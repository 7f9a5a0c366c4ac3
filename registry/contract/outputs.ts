// The outputs that callers read: one may become narrower (fixed where it was variable), never wider, and keeps its place.
import type { Break } from '../api/contract.ts';
import { describeTensor, quote } from '../describe.ts';
import type { Signature, TensorSpec } from '../signature.ts';

export function outputBreaks(served: Signature, next: Signature): Break[] {
  const gone = served.outputs.filter(({ name }) => !next.outputs.some((output) => output.name === name));
  const kept = served.outputs.flatMap((before) =>
    next.outputs.filter(({ name }) => name === before.name).map((spec) => ({ before, spec })),
  );
  return [
    ...gone.map(
      (spec): Break => ({
        ...{ part: 'output', name: quote(spec.name), was: describeTensor(spec), becomes: 'nothing' },
        ...{ who: 'callers that read it', how: 'find nothing, and get 400 if they ask for it by name' },
      }),
    ),
    ...kept.flatMap(({ before, spec }) => changed(before, spec, isBatchFreed(served, next))),
    ...(gone.length > 0 ? [] : moved(served, next)),
    ...addedToOne(served, next),
  ];
}

function changed(before: TensorSpec, spec: TensorSpec, batchFreed: (size: number) => boolean): Break[] {
  const [was, becomes] = [describeTensor(before), describeTensor(spec)];
  const change = { part: 'output' as const, name: quote(spec.name), was, becomes, who: 'callers that read it' };
  if (before.datatype !== spec.datatype) return [{ ...change, how: 'get elements of another type' }];
  if (before.shape.length !== spec.shape.length) {
    return [{ ...change, how: `get ${spec.shape.length} dimensions instead of ${before.shape.length}` }];
  }
  const axis = before.shape.findIndex((size, at) => {
    if (size === -1 || size === spec.shape[at]) return false;
    return !(at === 0 && spec.shape[0] === -1 && batchFreed(size));
  });
  if (axis === -1) return [];
  const now = spec.shape[axis] === -1 ? 'any size' : `${spec.shape[axis]} elements`;
  return [{ ...change, how: `get ${now} along axis ${axis} instead of ${before.shape[axis]}` }];
}

/** An axis 0 that became variable with that of an input still has the size that such a caller sends. */
function isBatchFreed(served: Signature, next: Signature): (size: number) => boolean {
  return (size) =>
    next.inputs.some(({ name, shape }) => {
      const before = served.inputs.find((input) => input.name === name);
      return shape[0] === -1 && before?.shape[0] === size;
    });
}

/** JSON answers list the outputs in the order of the signature, and many callers take the first one. */
function moved(served: Signature, next: Signature): Break[] {
  const at = served.outputs.findIndex(({ name }, index) => next.outputs[index]?.name !== name);
  const spec = served.outputs[at];
  if (spec === undefined) return [];
  const place = next.outputs.findIndex(({ name }) => name === spec.name);
  return [
    {
      ...{ part: 'output', name: quote(spec.name), was: `output ${at + 1}`, becomes: `output ${place + 1}` },
      ...{ who: 'callers that take outputs by their place', how: 'read another output, without an error' },
    },
  ];
}

/** TensorFlow Serving's form gives the value of a single output alone, and an object of several. */
function addedToOne(served: Signature, next: Signature): Break[] {
  const [only, ...others] = served.outputs;
  if (only === undefined || others.length > 0 || next.outputs.length === 1) return [];
  const added = next.outputs.find(({ name }) => name !== only.name);
  if (added === undefined) return [];
  return [
    {
      ...{ part: 'output', name: quote(added.name), was: 'nothing', becomes: describeTensor(added) },
      who: 'callers of /v1/models/…:predict',
      how: `get objects instead of the value of ${quote(only.name)} alone`,
    },
  ];
}
