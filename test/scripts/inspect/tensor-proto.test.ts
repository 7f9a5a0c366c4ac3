import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { decodeTensor } from '../../../scripts/inspect/tensor-proto.ts';
import { TensorProtoSchema, TensorProto_DataType as types } from '../../../scripts/onnx/onnx_pb.ts';

const decode = (init: MessageInitShape<typeof TensorProtoSchema>) =>
  decodeTensor(create(TensorProtoSchema, { name: 't', ...init }));
const bytesOf = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

describe('decoding a TensorProto', () => {
  it('takes raw data as it is, whatever the type', () => {
    const rawData = Uint8Array.of(1, 2, 3, 4);
    expect(decode({ dataType: types.BFLOAT16, dims: [2n], rawData })).toEqual({
      name: 't',
      elementType: types.BFLOAT16,
      shape: [2],
      data: rawData,
    });
  });

  it('reads each typed field into the elements of its type', () => {
    const cases: [MessageInitShape<typeof TensorProtoSchema>, ArrayBufferView][] = [
      [{ dataType: types.FLOAT, dims: [2n], floatData: [1.5, -2] }, Float32Array.of(1.5, -2)],
      [{ dataType: types.COMPLEX64, dims: [1n], floatData: [1.5, -2] }, Float32Array.of(1.5, -2)],
      [{ dataType: types.DOUBLE, dims: [1n], doubleData: [0.1] }, Float64Array.of(0.1)],
      [{ dataType: types.INT64, dims: [1n], int64Data: [-5n] }, BigInt64Array.of(-5n)],
      [{ dataType: types.UINT64, dims: [1n], uint64Data: [2n ** 64n - 1n] }, BigUint64Array.of(2n ** 64n - 1n)],
      [{ dataType: types.UINT32, dims: [1n], uint64Data: [2n ** 32n - 1n] }, Uint32Array.of(2 ** 32 - 1)],
      [{ dataType: types.INT32, dims: [1n], int32Data: [-7] }, Int32Array.of(-7)],
      [{ dataType: types.INT16, dims: [1n], int32Data: [-7] }, Int16Array.of(-7)],
      [{ dataType: types.INT8, dims: [1n], int32Data: [-7] }, Int8Array.of(-7)],
      [{ dataType: types.BOOL, dims: [2n], int32Data: [1, 0] }, Uint8Array.of(1, 0)],
      [{ dataType: types.FLOAT16, dims: [1n], int32Data: [0x3c00] }, Float16Array.of(1)],
      [{ dataType: types.BFLOAT16, dims: [1n], int32Data: [0x3f80] }, Uint16Array.of(0x3f80)],
      [{ dataType: types.FLOAT8E5M2, dims: [1n], int32Data: [0xbc] }, Uint8Array.of(0xbc)],
      // Two elements of 4 bits, or four of 2, in each int32.
      [{ dataType: types.INT4, dims: [3n], int32Data: [0x21, 0x0f] }, Uint8Array.of(0x21, 0x0f)],
      [{ dataType: types.UINT2, dims: [5n], int32Data: [0xe4, 0x01] }, Uint8Array.of(0xe4, 0x01)],
    ];
    for (const [init, expected] of cases) expect(decode(init).data, `type ${init.dataType}`).toEqual(bytesOf(expected));
  });

  it('reads strings one by one, a scalar and a tensor without elements', () => {
    const stringData = ['', 'é'].map((text) => new TextEncoder().encode(text));
    expect(decode({ dataType: types.STRING, dims: [2n], stringData }).data).toEqual(stringData);
    expect(decode({ dataType: types.INT32, int32Data: [3] })).toMatchObject({
      shape: [],
      data: Uint8Array.of(3, 0, 0, 0),
    });
    expect(decode({ dataType: types.FLOAT, dims: [0n, 3n] })).toMatchObject({ shape: [0, 3], data: new Uint8Array() });
  });

  it('refuses more or fewer elements than the shape has, and says how many', () => {
    expect(() => decode({ dataType: types.FLOAT, dims: [2n], floatData: [1] })).toThrow(
      "tensor 't': expected 8 bytes for float32 [2], got 4",
    );
    expect(() => decode({ dataType: types.STRING, dims: [1n] })).toThrow('expected 1 strings for string [1], got 0');
  });
});
