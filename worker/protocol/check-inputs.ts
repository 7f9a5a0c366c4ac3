// Does a request fit the model? Compares its inputs and requested outputs with the signature, before anything runs.
import { invalid } from '../../registry/errors.ts';
import type { InputLimit } from '../../registry/input-size-limits.ts';
import { inputsTaken, type Signature, type TensorSpec } from '../../registry/signature.ts';
import { checkInputSizes } from './check-input-sizes.ts';
import { describeShape, quote } from './describe.ts';
import type { RunRequest } from './infer-request.ts';
import type { TensorHead } from './tensor.ts';

function describe(tensor: Pick<TensorSpec, 'datatype'> & { readonly shape: readonly number[] }): string {
  return `${tensor.datatype} ${describeShape(tensor.shape)}`;
}

function listNames(specs: readonly TensorSpec[]): string {
  return specs.length === 0 ? 'none' : specs.map((spec) => quote(spec.name)).join(', ');
}

function fits(tensor: TensorHead, spec: TensorSpec): boolean {
  return (
    tensor.datatype === spec.datatype &&
    tensor.shape.length === spec.shape.length &&
    spec.shape.every((dimension, axis) => dimension === -1 || dimension === tensor.shape[axis])
  );
}

/** Refuses a tensor by its head, before an element of it is read. @throws {PopserveError} INVALID_ARGUMENT, TOO_LARGE */
export type Admit = (tensor: TensorHead) => void;

/** Admits what a version takes: the inputs of its signature, in sizes within its limits. */
export function admitFor({
  signature,
  limits = [],
}: {
  readonly signature: Signature;
  readonly limits?: readonly InputLimit[] | undefined;
}): Admit {
  return (tensor) => {
    checkInput(tensor, signature);
    checkInputSizes([tensor], limits);
  };
}

function checkInput(tensor: TensorHead, signature: Signature): void {
  const taken = inputsTaken(signature);
  const spec = taken.find((input) => input.name === tensor.name);
  if (spec === undefined) {
    throw invalid(`input ${quote(tensor.name)}: not an input of the model, which has ${listNames(taken)}`);
  }
  if (!fits(tensor, spec)) {
    throw invalid(`input ${quote(tensor.name)}: expected ${describe(spec)}, got ${describe(tensor)}`);
  }
}

/** @throws {PopserveError} INVALID_ARGUMENT naming the input or output at fault, what was expected and what came */
export function checkInputs(request: RunRequest, signature: Signature): void {
  for (const tensor of request.inputs) checkInput(tensor, signature);
  for (const spec of inputsTaken(signature)) {
    const given = request.inputs.filter((tensor) => tensor.name === spec.name).length;
    if (given > 1 || (given === 0 && signature.inputs.includes(spec))) {
      throw invalid(
        `input ${quote(spec.name)}: expected ${describe(spec)}, got ${given === 0 ? 'none' : `${given} of it`}`,
      );
    }
  }
  for (const output of request.outputs ?? []) {
    if (!signature.outputs.some((spec) => spec.name === output.name)) {
      throw invalid(
        `output ${quote(output.name)}: not an output of the model, which has ${listNames(signature.outputs)}`,
      );
    }
  }
}
