// The inputs of a model as its file declares them: known before a runtime has loaded it.
import type { TensorSpec } from '../../registry/signature.ts';
import { datatypeOf } from '../../worker/protocol/element-type.ts';
import type { GraphProto, TensorShapeProto_Dimension } from './onnx_pb.ts';

/** @returns null if an input is no tensor, or of a type or rank that the file does not say */
export function graphInputs({ input, initializer }: GraphProto): TensorSpec[] | null {
  const weights = new Set(initializer.map(({ name }) => name));
  const specs = input
    .filter(({ name }) => !weights.has(name))
    .map(({ name, type }): TensorSpec | null => {
      if (type?.value.case !== 'tensorType' || type.value.value.shape === undefined) return null;
      const { elemType, shape } = type.value.value;
      const datatype = datatypeOf(elemType);
      if (datatype === null) return null;
      return { name, datatype, shape: shape.dim.map(({ value }) => sizeOf(value)) };
    });
  return specs.every((spec) => spec !== null) ? specs : null;
}

function sizeOf(value: TensorShapeProto_Dimension['value']): number {
  return value.case === 'dimValue' && value.value >= 0n ? Number(value.value) : -1;
}
