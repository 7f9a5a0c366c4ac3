// NumPy's .npy files: versions 1 to 3 of the format, little-endian, C order.
// @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
import { invalid } from '../../../registry/errors.ts';
import { type Datatype, elementBytes, elementCount } from '../../../registry/signature.ts';

export interface NpyArray {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** Row-major little-endian elements: a view of the file. */
  readonly data: Uint8Array;
}

const magic = '\u0093NUMPY';

/** By NumPy's type code; the character of the byte order comes before it. */
const datatypes: Readonly<Record<string, Datatype>> = {
  b1: 'BOOL',
  u1: 'UINT8',
  u2: 'UINT16',
  u4: 'UINT32',
  u8: 'UINT64',
  i1: 'INT8',
  i2: 'INT16',
  i4: 'INT32',
  i8: 'INT64',
  f2: 'FP16',
  f4: 'FP32',
  f8: 'FP64',
};

/**
 * @param file for messages
 * @throws {PopserveError} INVALID_ARGUMENT naming the file, what was expected and what it is
 */
export function parseNpy(bytes: Uint8Array, file: string): NpyArray {
  const { header, start } = readHeader(bytes, file);
  const datatype = readDatatype(header, file);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1];
  const sizes = /'shape'\s*:\s*\(([\d\sL,]*)\)/.exec(header)?.[1];
  if (order === undefined || sizes === undefined) {
    throw invalid(`${file}: expected 'descr', 'fortran_order' and 'shape' in the header, got ${header.trim()}`);
  }
  if (order === 'True') {
    throw invalid(`${file}: expected C order, got Fortran order; save numpy.ascontiguousarray(array)`);
  }
  const shape = (sizes.match(/\d+/g) ?? []).map(Number);
  const data = bytes.subarray(start);
  const expected = elementCount(shape) * elementBytes[datatype];
  if (data.length !== expected) {
    throw invalid(`${file}: expected ${expected} bytes for ${datatype} [${shape}], got ${data.length}`);
  }
  return { datatype, shape, data };
}

function readHeader(bytes: Uint8Array, file: string): { header: string; start: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || latin1(bytes.subarray(0, magic.length)) !== magic) {
    throw invalid(`${file}: expected a NumPy file, which starts with \\x93NUMPY`);
  }
  const [major, minor] = [view.getUint8(6), view.getUint8(7)];
  if (major < 1 || major > 3 || minor !== 0) {
    throw invalid(`${file}: expected version 1.0, 2.0 or 3.0 of the NumPy format, got ${major}.${minor}`);
  }
  const from = major === 1 ? 10 : 12;
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = from + length;
  if (start > bytes.length) throw invalid(`${file}: expected a header of ${length} bytes, the file ends before`);
  const header = bytes.subarray(from, start);
  return { header: major === 3 ? new TextDecoder().decode(header) : latin1(header), start };
}

function readDatatype(header: string, file: string): Datatype {
  const description = /'descr'\s*:\s*('[^']*'|\[[^\]]*\]?)/.exec(header)?.[1] ?? header.trim();
  const [, order = '', code = ''] = /^'([<>|=])(.*)'$/.exec(description) ?? [];
  if (code.startsWith('O')) throw invalid(`${file}: expected numbers, got Python objects (dtype object)`);
  const datatype = Object.hasOwn(datatypes, code) ? datatypes[code] : undefined;
  if (datatype === undefined) {
    throw invalid(`${file}: expected a type of ${Object.keys(datatypes).join(', ')}, got ${description}`);
  }
  if (order !== '<' && elementBytes[datatype] > 1) {
    throw invalid(`${file}: expected little-endian elements (<${code}), got ${order}${code}`);
  }
  return datatype;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
