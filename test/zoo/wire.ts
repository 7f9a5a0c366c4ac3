// Golden tensors to requests and answers back, written apart from the project's own codecs.
import type { GoldenTensor, Value } from './golden-case.ts';

const sizes: Record<string, number> = {
  BOOL: 1,
  UINT8: 1,
  INT8: 1,
  UINT16: 2,
  INT16: 2,
  FP16: 2,
  UINT32: 4,
  INT32: 4,
  FP32: 4,
  UINT64: 8,
  INT64: 8,
  FP64: 8,
};

interface Message {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers: Record<string, string>;
}

/** JSON data where there is a JSON form for it, binary data otherwise. */
export function jsonRequest(inputs: readonly GoldenTensor[], outputNames: readonly string[]): Message {
  return request(inputs, outputNames, (tensor) => tensor.datatype !== 'FP16' && tensor.values.every(hasJsonForm), {
    // These outputs have no JSON form.
    binary: (name) => name.includes('float16'),
  });
}

export function binaryRequest(inputs: readonly GoldenTensor[], outputNames: readonly string[]): Message {
  return request(inputs, outputNames, () => false, { binary: () => true });
}

function request(
  inputs: readonly GoldenTensor[],
  outputNames: readonly string[],
  asJson: (tensor: GoldenTensor) => boolean,
  outputs: { binary: (name: string) => boolean },
): Message {
  const parts: Uint8Array[] = [];
  const tensors = inputs.map((tensor) => {
    const { name, datatype, shape } = tensor;
    const head = `"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":${JSON.stringify(shape)}`;
    if (asJson(tensor)) return `{${head},"data":[${tensor.values.map(jsonValue).join(',')}]}`;
    const bytes = tensorBytes(tensor);
    parts.push(bytes);
    return `{${head},"parameters":{"binary_data_size":${bytes.length}}}`;
  });
  const wanted = outputNames.map((name) => ({ name, parameters: { binary_data: outputs.binary(name) } }));
  const json = new TextEncoder().encode(`{"inputs":[${tensors.join(',')}],"outputs":${JSON.stringify(wanted)}}`);
  const body = Buffer.concat([json, ...parts]);
  return { body, headers: parts.length > 0 ? { 'inference-header-content-length': String(json.length) } : {} };
}

function hasJsonForm(value: Value): boolean {
  return typeof value !== 'number' || Number.isNaN(value) || Number.isFinite(value);
}

function jsonValue(value: Value): string {
  if (typeof value === 'bigint') return value.toString();
  if (Object.is(value, -0)) return '-0';
  return typeof value === 'number' && Number.isNaN(value) ? 'null' : JSON.stringify(value);
}

function tensorBytes({ datatype, values }: GoldenTensor): Uint8Array {
  if (datatype === 'BYTES') {
    const strings = values.map((value) => new TextEncoder().encode(String(value)));
    const bytes = new Uint8Array(strings.reduce((sum, string) => sum + 4 + string.length, 0));
    let offset = 0;
    for (const string of strings) {
      new DataView(bytes.buffer).setUint32(offset, string.length, true);
      bytes.set(string, offset + 4);
      offset += 4 + string.length;
    }
    return bytes;
  }
  const size = sizes[datatype] ?? 0;
  const view = new DataView(new ArrayBuffer(values.length * size));
  for (const [index, value] of values.entries()) write(view, index * size, datatype, value);
  return new Uint8Array(view.buffer);
}

function write(view: DataView, at: number, datatype: string, value: Value): void {
  if (datatype === 'FP32') view.setFloat32(at, Number(value), true);
  else if (datatype === 'FP64') view.setFloat64(at, Number(value), true);
  else if (datatype === 'FP16') view.setFloat16(at, Number(value), true);
  else if (datatype === 'INT64') view.setBigInt64(at, BigInt(value), true);
  else if (datatype === 'UINT64') view.setBigUint64(at, BigInt(value), true);
  else if (datatype.endsWith('32')) view.setInt32(at, Number(value) | 0, true);
  else if (datatype.endsWith('16')) view.setInt16(at, Number(value), true);
  else view.setInt8(at, Number(value));
}

interface StoredOutput {
  name: string;
  datatype: string;
  shape: number[];
  data?: (number | string | boolean | null)[];
  parameters?: { binary_data_size?: number };
}

/** Values that JSON cannot tell apart (NaN and infinities are null there) are left out of a comparison by `jsonLimits`. */
export function readAnswer(bytes: Uint8Array, headerLength: string | null): GoldenTensor[] {
  const jsonBytes = headerLength === null ? bytes.length : Number(headerLength);
  const text = new TextDecoder().decode(bytes.subarray(0, jsonBytes));
  const { outputs } = JSON.parse(text, exactIntegers) as { outputs: StoredOutput[] };
  let offset = jsonBytes;
  return outputs.map(({ name, datatype, shape, data, parameters }) => {
    const size = parameters?.binary_data_size;
    if (size === undefined) {
      const values = (data ?? []).map((value) => fromJson(value, datatype));
      return { name, datatype, shape, values };
    }
    const tensor = { name, datatype, shape, values: fromBytes(bytes.slice(offset, offset + size), datatype) };
    offset += size;
    return tensor;
  });
}

/** The third argument is newer than the compiler's declarations. */
function exactIntegers(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  return typeof value === 'number' && source !== undefined && /^-?\d{16,}$/.test(source) ? BigInt(source) : value;
}

function fromJson(value: number | string | boolean | null | bigint, datatype: string): Value {
  if (value === null) return Number.NaN;
  return datatype === 'INT64' || datatype === 'UINT64' ? BigInt(value) : value;
}

function fromBytes(bytes: Uint8Array<ArrayBuffer>, datatype: string): Value[] {
  const view = new DataView(bytes.buffer);
  if (datatype === 'BYTES') {
    const strings: string[] = [];
    for (let offset = 0; offset < bytes.length; ) {
      const length = view.getUint32(offset, true);
      strings.push(new TextDecoder().decode(bytes.subarray(offset + 4, offset + 4 + length)));
      offset += 4 + length;
    }
    return strings;
  }
  const size = sizes[datatype] ?? 1;
  return Array.from({ length: bytes.length / size }, (_, index) => read(view, index * size, datatype));
}

function read(view: DataView, at: number, datatype: string): Value {
  switch (datatype) {
    case 'FP32':
      return view.getFloat32(at, true);
    case 'FP64':
      return view.getFloat64(at, true);
    case 'FP16':
      return view.getFloat16(at, true);
    case 'INT64':
      return view.getBigInt64(at, true);
    case 'UINT64':
      return view.getBigUint64(at, true);
    case 'INT32':
      return view.getInt32(at, true);
    case 'UINT32':
      return view.getUint32(at, true);
    case 'INT16':
      return view.getInt16(at, true);
    case 'UINT16':
      return view.getUint16(at, true);
    case 'INT8':
      return view.getInt8(at);
    case 'BOOL':
      return view.getUint8(at) === 1;
    default:
      return view.getUint8(at);
  }
}
