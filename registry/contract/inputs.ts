// The inputs that callers send: one may become wider (variable where it was fixed), never narrower.
import type { Break } from '../api/contract.ts';
import { describeTensor, quote } from '../describe.ts';
import { inputsTaken, type Signature, type TensorSpec } from '../signature.ts';

export function inputBreaks(served: Signature, next: Signature): Break[] {
  const [before, after] = [inputsTaken(served), inputsTaken(next)];
  const gone = before.filter(({ name }) => !after.some((input) => input.name === name));
  return [
    ...gone.map(
      (spec): Break => ({
        ...{ part: 'input', name: quote(spec.name), was: describeTensor(spec), becomes: 'nothing' },
        ...(served.inputs.includes(spec)
          ? { who: 'callers that send tensors', how: 'get 400, because the model has no such input' }
          : { who: 'callers that give it', how: 'get 400 for tensors, and answers that do not regard it for records' }),
      }),
    ),
    ...after.flatMap((spec) => {
      const known = before.find(({ name }) => name === spec.name);
      const isRequired = next.inputs.includes(spec);
      if (known === undefined) return isRequired ? [added(spec, 'every caller')] : [];
      const isNeeded = isRequired && !served.inputs.includes(known);
      return [...(isNeeded ? [added(spec, 'every caller that leaves it out')] : []), ...changed(known, spec)];
    }),
  ];
}

function added(spec: TensorSpec, who: string): Break {
  return {
    ...{ part: 'input', name: quote(spec.name), was: 'nothing', becomes: describeTensor(spec) },
    ...{ who, how: 'gets 400, because the input is missing' },
  };
}

function changed(before: TensorSpec, spec: TensorSpec): Break[] {
  const [was, becomes] = [describeTensor(before), describeTensor(spec)];
  const change = { part: 'input' as const, name: quote(spec.name), was, becomes };
  if (before.datatype !== spec.datatype) {
    const how = `get 400, because the input takes ${spec.datatype}`;
    return [{ ...change, who: `callers that send ${before.datatype} tensors`, how }];
  }
  if (before.shape.length !== spec.shape.length) {
    const how = `get 400, because the input has ${spec.shape.length} dimensions`;
    return [{ ...change, who: 'callers that send tensors', how }];
  }
  const axis = spec.shape.findIndex((size, at) => size !== -1 && size !== before.shape[at]);
  if (axis === -1) return [];
  const who = before.shape[axis] === -1 ? `callers whose axis ${axis} has another size` : 'every caller';
  const verb = who === 'every caller' ? 'gets' : 'get';
  return [{ ...change, who, how: `${verb} 400, because axis ${axis} takes ${spec.shape[axis]} alone` }];
}
