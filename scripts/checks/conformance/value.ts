// A value of the suite's files: a tensor, or a sequence or an optional around others. Which it is, only the model's type tells.
import { fromBinary } from '@bufbuild/protobuf';
import { PopserveError } from '../../../registry/errors.ts';
import type { RawTensor } from '../../../worker/protocol/raw-frame.ts';
import { decodeTensor } from '../../inspect/tensor-proto.ts';
import type { OptionalProto, SequenceProto, TypeProto } from '../../onnx/onnx_pb.ts';
import { OptionalProtoSchema, SequenceProtoSchema, TensorProtoSchema } from '../../onnx/onnx_pb.ts';

export type Value =
  | { readonly kind: 'tensor'; readonly tensor: RawTensor }
  | { readonly kind: 'sequence'; readonly items: readonly Value[] }
  | { readonly kind: 'optional'; readonly value: Value | null };

/**
 * Reads an input_N.pb or output_N.pb.
 * @param type of the graph's input or output
 * @throws UNPROCESSABLE for maps and sparse tensors, which the suite has none of
 */
export function decodeValue(bytes: Uint8Array, name: string, type: TypeProto): Value {
  switch (type.value.case) {
    case 'tensorType':
      return { kind: 'tensor', tensor: decodeTensor(fromBinary(TensorProtoSchema, bytes), name) };
    case 'sequenceType':
      return decodeSequence(fromBinary(SequenceProtoSchema, bytes), name);
    case 'optionalType':
      return decodeOptional(fromBinary(OptionalProtoSchema, bytes), name);
    default:
      throw new PopserveError(
        'UNPROCESSABLE',
        `'${name}': expected a tensor, sequence or optional, got ${type.value.case}`,
      );
  }
}

function decodeSequence(proto: SequenceProto, name: string): Value {
  const items: Value[] = [
    ...proto.tensorValues.map((tensor) => ({ kind: 'tensor' as const, tensor: decodeTensor(tensor, name) })),
    ...proto.sequenceValues.map((sequence) => decodeSequence(sequence, name)),
    ...proto.optionalValues.map((optional) => decodeOptional(optional, name)),
  ];
  return { kind: 'sequence', items };
}

function decodeOptional(proto: OptionalProto, name: string): Value {
  const { tensorValue, sequenceValue, optionalValue } = proto;
  if (tensorValue) return { kind: 'optional', value: { kind: 'tensor', tensor: decodeTensor(tensorValue, name) } };
  if (sequenceValue) return { kind: 'optional', value: decodeSequence(sequenceValue, name) };
  if (optionalValue) return { kind: 'optional', value: decodeOptional(optionalValue, name) };
  return { kind: 'optional', value: null };
}
