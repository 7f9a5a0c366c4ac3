// TensorProto to raw elements: every data type, from raw_data or from the typed fields.
// @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (message TensorProto: which field holds which type)
import { PopserveError } from '../../registry/errors.ts';
import { elementTypeBytes, elementTypeName } from '../../worker/protocol/element-type.ts';
import type { RawTensor } from '../../worker/protocol/raw-frame.ts';
import { type TensorProto, TensorProto_DataType as types } from '../onnx/onnx_pb.ts';

/**
 * @returns row-major little-endian elements, those smaller than a byte packed from the low bits up; strings one by one
 * @throws UNPROCESSABLE when there are more or fewer bytes than the shape needs
 */
export function decodeTensor(proto: TensorProto, name = proto.name): RawTensor {
  const shape = proto.dims.map(Number);
  const elementType = proto.dataType;
  const count = shape.reduce((product, size) => product * size, 1);
  if (elementType === types.STRING) {
    expectLength(name, elementType, shape, count, proto.stringData.length, 'strings');
    return { name, elementType, shape, data: proto.stringData };
  }
  const data = proto.rawData.length > 0 ? proto.rawData : bytesOf(typedElements(proto));
  expectLength(name, elementType, shape, elementTypeBytes(elementType, count), data.length, 'bytes');
  return { name, elementType, shape, data };
}

function typedElements(proto: TensorProto): ArrayBufferView {
  switch (proto.dataType) {
    case types.FLOAT:
    case types.COMPLEX64:
      return Float32Array.from(proto.floatData);
    case types.DOUBLE:
    case types.COMPLEX128:
      return Float64Array.from(proto.doubleData);
    case types.INT64:
      return BigInt64Array.from(proto.int64Data);
    case types.UINT64:
      return BigUint64Array.from(proto.uint64Data);
    case types.UINT32:
      return Uint32Array.from(proto.uint64Data, Number);
    case types.INT32:
      return Int32Array.from(proto.int32Data);
    // The bits of the element, in an int32 of its own.
    case types.UINT16:
    case types.INT16:
    case types.FLOAT16:
    case types.BFLOAT16:
      return Uint16Array.from(proto.int32Data);
    // A byte per int32: one element of 8 bits, two of 4 or four of 2.
    default:
      return Uint8Array.from(proto.int32Data);
  }
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function expectLength(
  name: string,
  elementType: number,
  shape: readonly number[],
  expected: number,
  got: number,
  unit: string,
): void {
  if (expected === got) return;
  const what = `${elementTypeName(elementType)} [${shape}]`;
  throw new PopserveError('UNPROCESSABLE', `tensor '${name}': expected ${expected} ${unit} for ${what}, got ${got}`);
}
