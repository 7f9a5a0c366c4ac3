// An encoder and decoder of the wire made only for the tests, element by element with DataView, so that the codecs under
// test are never compared with themselves. Also the arbitrary tensors of the property tests.
import fc from 'fast-check';
import type { Datatype } from '../../../registry/signature.ts';
import type { DecodeLimits } from '../../../worker/protocol/infer-request.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';

export const limits: DecodeLimits = {
  maxInputs: 8,
  maxElements: 10_000,
  maxJsonDepth: 16,
  maxJsonBytes: 1_000_000,
  maxRecords: 100,
};

export type Element = number | bigint | boolean | string;

const writers: Record<
  Exclude<Datatype, 'BYTES'>,
  { bytes: number; put(view: DataView, at: number, v: never): void }
> = {
  BOOL: { bytes: 1, put: (view, at, v: boolean) => view.setUint8(at, v ? 1 : 0) },
  UINT8: { bytes: 1, put: (view, at, v: number) => view.setUint8(at, v) },
  UINT16: { bytes: 2, put: (view, at, v: number) => view.setUint16(at, v, true) },
  UINT32: { bytes: 4, put: (view, at, v: number) => view.setUint32(at, v, true) },
  UINT64: { bytes: 8, put: (view, at, v: bigint) => view.setBigUint64(at, v, true) },
  INT8: { bytes: 1, put: (view, at, v: number) => view.setInt8(at, v) },
  INT16: { bytes: 2, put: (view, at, v: number) => view.setInt16(at, v, true) },
  INT32: { bytes: 4, put: (view, at, v: number) => view.setInt32(at, v, true) },
  INT64: { bytes: 8, put: (view, at, v: bigint) => view.setBigInt64(at, v, true) },
  FP16: { bytes: 2, put: (view, at, v: number) => view.setFloat16(at, v, true) },
  FP32: { bytes: 4, put: (view, at, v: number) => view.setFloat32(at, v, true) },
  FP64: { bytes: 8, put: (view, at, v: number) => view.setFloat64(at, v, true) },
  // The elements of the tests are exact in BF16, so its bits are those of the FP32.
  BF16: {
    bytes: 2,
    put: (view, at, v: number) => {
      const single = new DataView(new ArrayBuffer(4));
      single.setFloat32(0, v);
      view.setUint16(at, single.getUint16(0), true);
    },
  },
};

/** Raw elements of a tensor; BYTES as one array each. */
export function rawData(datatype: Datatype, elements: readonly Element[]): Uint8Array | Uint8Array[] {
  if (datatype === 'BYTES') return elements.map((element) => new Uint8Array(Buffer.from(String(element), 'utf8')));
  const { bytes, put } = writers[datatype];
  const view = new DataView(new ArrayBuffer(elements.length * bytes));
  for (const [index, element] of elements.entries()) put(view, index * bytes, element as never);
  return new Uint8Array(view.buffer);
}

export function tensor(
  name: string,
  datatype: Datatype,
  shape: readonly number[],
  elements: readonly Element[],
): Tensor {
  return { name, datatype, shape, data: rawData(datatype, elements) };
}

/** The binary form. */
export function binaryData(datatype: Datatype, elements: readonly Element[]): Uint8Array {
  const data = rawData(datatype, elements);
  if (data instanceof Uint8Array) return data;
  return Buffer.concat(
    data.flatMap((element) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(element.length);
      return [length, element];
    }),
  );
}

/** The JSON form, flat. */
export function jsonData(elements: readonly Element[]): string {
  const text = elements.map((element) => {
    if (typeof element === 'string') return JSON.stringify(element);
    if (typeof element === 'number' && !Number.isFinite(element)) return 'null';
    return Object.is(element, -0) ? '-0' : String(element);
  });
  return `[${text.join(',')}]`;
}

/** The JSON form, nested to the shape. */
export function nestedData(shape: readonly number[], elements: readonly Element[]): string {
  const [first, ...rest] = shape;
  if (first === undefined) return jsonData(elements).slice(1, -1);
  if (rest.length === 0) return jsonData(elements);
  const step = rest.reduce((count, dimension) => count * dimension, 1);
  const rows = Array.from({ length: first }, (_, row) =>
    nestedData(rest, elements.slice(row * step, (row + 1) * step)),
  );
  return `[${rows.join(',')}]`;
}

/** `bytes` at an offset of a larger buffer, shared or not. */
export function placeAt(bytes: Uint8Array, offset: number, shared = false): Uint8Array {
  const length = offset + bytes.length;
  const view = new Uint8Array(shared ? new SharedArrayBuffer(length) : new ArrayBuffer(length), offset, bytes.length);
  view.set(bytes);
  return view;
}

const wellFormed = fc.string({ unit: 'binary', maxLength: 8 });
const fp16 = fc.integer({ min: -(2 ** 11), max: 2 ** 11 }).map((v) => v / 32);
const bf16 = fc.integer({ min: -(2 ** 8), max: 2 ** 8 }).map((v) => v / 16);

const arbitraries: Record<Datatype, fc.Arbitrary<Element>> = {
  BOOL: fc.boolean(),
  UINT8: fc.integer({ min: 0, max: 255 }),
  UINT16: fc.integer({ min: 0, max: 65535 }),
  UINT32: fc.integer({ min: 0, max: 4294967295 }),
  UINT64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  INT8: fc.integer({ min: -128, max: 127 }),
  INT16: fc.integer({ min: -32768, max: 32767 }),
  INT32: fc.integer({ min: -2147483648, max: 2147483647 }),
  INT64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  FP16: fp16,
  FP32: fc.float({ noDefaultInfinity: true }),
  FP64: fc.double({ noDefaultInfinity: true }),
  BF16: bf16,
  BYTES: wellFormed,
};

export interface Case {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly elements: readonly Element[];
}

/** A tensor of a datatype with up to three dimensions of up to four. */
export function caseOf(datatype: Datatype): fc.Arbitrary<Case> {
  return fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }).chain((shape) => {
    const count = shape.reduce((product, dimension) => product * dimension, 1);
    return fc.record({
      name: fc.oneof(fc.constantFrom('x', '__proto__', 'constructor', 'toString'), wellFormed),
      datatype: fc.constant(datatype),
      shape: fc.constant(shape),
      elements: fc.array(arbitraries[datatype], { minLength: count, maxLength: count }),
    });
  });
}
