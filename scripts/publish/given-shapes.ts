// Shapes that the publisher gives where the file has none. A tensor without a shape is of any rank: what callers send could neither
// be checked nor limited, and no record could be made into it.
import { create } from '@bufbuild/protobuf';
import { PopserveError } from '../../registry/errors.ts';
import { unprocessable } from '../inspect/refusal.ts';
import { type Dimension, tensorType } from '../onnx/build.ts';
import type { OnnxModel } from '../onnx/model-file.ts';
import { type GraphProto, TensorShapeProtoSchema, type ValueInfoProto } from '../onnx/onnx_pb.ts';
import type { GivenShape } from './options.ts';

/**
 * Writes the given shapes into the model.
 * @returns whether it was changed
 * @throws {PopserveError} INVALID_ARGUMENT for a name that needs no shape, UNPROCESSABLE for an input that still has none
 */
export function giveShapes({ graph }: OnnxModel, given: readonly GivenShape[]): boolean {
  const without = [...requiredInputs(graph), ...graph.output].filter(hasNoShape);
  for (const { name, sizes } of given) {
    const value = without.find((candidate) => candidate.name === name);
    if (value === undefined) {
      const known = without.map((candidate) => `'${candidate.name}'`).join(', ') || 'none';
      throw new PopserveError('INVALID_ARGUMENT', `--shape ${name}: the file leaves out the shapes of ${known}`);
    }
    setShape(value, sizes);
  }
  const left = requiredInputs(graph).filter(hasNoShape);
  if (left.length === 0) return given.length > 0;
  const names = left.map(({ name }) => `'${name}'`).join(', ');
  const option = left.map(({ name }) => `--shape ${name}=…`).join(' ');
  throw unprocessable(
    `the file gives no shape for input ${names}, so any rank could come: say what it is with ${option}, a number or a name for each dimension, as in --shape x=batch,3`,
  );
}

export function hasNoShape({ type }: ValueInfoProto): boolean {
  return type?.value.case === 'tensorType' && type.value.value.shape === undefined;
}

function requiredInputs({ input, initializer }: GraphProto): ValueInfoProto[] {
  const defaults = new Set(initializer.map(({ name }) => name));
  return input.filter(({ name }) => !defaults.has(name));
}

function setShape({ type }: ValueInfoProto, sizes: readonly Dimension[]): void {
  const made = tensorType(0, sizes).value;
  if (type?.value.case !== 'tensorType' || made.case !== 'tensorType') return;
  type.value.value.shape = made.value.shape ?? create(TensorShapeProtoSchema);
}
