// Tensors of any ONNX type between popserve's own parts, the Workers and the command: a length, a JSON header, then the raw elements.
// Not the Open Inference Protocol, which cannot name every type; nothing outside this project speaks it.
import { invalid } from '../../registry/errors.ts';
import type { ElementWriter } from './tensor.ts';

export interface RawTensor {
  readonly name: string;
  /** ONNX element type (TensorProto.DataType). */
  readonly elementType: number;
  readonly shape: readonly number[];
  /** Row-major little-endian elements; strings as one byte array per element. */
  readonly data: Uint8Array | readonly Uint8Array[];
}

export interface RawFrame {
  readonly tensors: readonly RawTensor[];
  /** Names of outputs, measurements: whatever goes with the tensors. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** A tensor that is to be sent: its elements, or what writes them where they belong. */
export interface SentTensor extends Omit<RawTensor, 'data'> {
  readonly data: RawTensor['data'] | ElementWriter;
}

interface FrameHeader {
  tensors: { name: string; elementType: number; shape: number[]; bytes: number; lengths?: number[] }[];
  extra: Record<string, unknown>;
}

/** Elements that are written in place want to be aligned to this. */
const alignment = 8;
const space = 0x20;

/**
 * uint32 little-endian length of the header, the header as JSON, the tensors' bytes in order. Spaces behind the JSON align the first
 * tensor.
 */
export function encodeFrame(frame: {
  readonly tensors: readonly SentTensor[];
  readonly extra: RawFrame['extra'];
}): Uint8Array<ArrayBuffer> {
  const header: FrameHeader = { tensors: [], extra: frame.extra };
  let tensorBytes = 0;
  for (const { name, elementType, shape, data } of frame.tensors) {
    const bytes = byteLengthOf(data);
    const lengths = Array.isArray(data) ? { lengths: data.map((string: Uint8Array) => string.length) } : {};
    header.tensors.push({ name, elementType, shape: [...shape], bytes, ...lengths });
    tensorBytes += bytes;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const begin = Math.ceil((4 + json.length) / alignment) * alignment;
  const bytes = new Uint8Array(begin + tensorBytes);
  new DataView(bytes.buffer).setUint32(0, begin - 4, true);
  bytes.set(json, 4);
  bytes.fill(space, 4 + json.length, begin);
  let at = begin;
  for (const { data } of frame.tensors) at = write(data, bytes, at);
  return bytes;
}

/** Bytes of the elements; of strings without what divides them. */
export function byteLengthOf(data: SentTensor['data']): number {
  return 'byteLength' in data ? data.byteLength : data.reduce((sum, piece) => sum + piece.length, 0);
}

/** @returns the offset behind the elements */
function write(data: SentTensor['data'], target: Uint8Array, offset: number): number {
  // A Buffer of Node has a `write` of its own.
  if (!(data instanceof Uint8Array) && 'write' in data) {
    const isAligned = offset % alignment === 0;
    const place = isAligned ? target.subarray(offset, offset + data.byteLength) : new Uint8Array(data.byteLength);
    data.write(place);
    if (!isAligned) target.set(place, offset);
    return offset + data.byteLength;
  }
  let at = offset;
  for (const piece of data instanceof Uint8Array ? [data] : data) {
    target.set(piece, at);
    at += piece.length;
  }
  return at;
}

/** @throws PopserveError INVALID_ARGUMENT when it is no frame, or a frame that is cut short or goes on behind its tensors */
export function decodeFrame(bytes: Uint8Array): RawFrame {
  if (bytes.length < 4) throw invalid(`a frame of ${bytes.length} bytes has no header`);
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  let offset = 4;
  const take = (length: number) => {
    if (offset + length > bytes.length) throw invalid(`a frame of ${bytes.length} bytes ends before its tensors do`);
    offset += length;
    return bytes.subarray(offset - length, offset);
  };
  const header = readHeader(take(headerLength));
  const tensors = header.tensors.map(({ name, elementType, shape, bytes: length, lengths }) => ({
    name,
    elementType,
    shape,
    data: lengths ? lengths.map(take) : take(length),
  }));
  if (offset < bytes.length)
    throw invalid(`a frame of ${bytes.length} bytes is longer than its tensors, which end at ${offset}`);
  return { tensors, extra: header.extra };
}

/** Checked by hand, since it is read with every run. */
function readHeader(json: Uint8Array): FrameHeader {
  const header = parseHeader(json);
  if (!isObject(header) || !Array.isArray(header.tensors) || !isObject(header.extra)) {
    throw invalid('the header of a frame has tensors, a list, and extra, an object');
  }
  const wrong = header.tensors.findIndex((tensor) => !isTensorHead(tensor));
  if (wrong === -1) return header as unknown as FrameHeader;
  throw invalid(
    `tensor ${wrong} of a frame: expected a name, an element type, a shape and its bytes, or the lengths of strings`,
  );
}

function parseHeader(json: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(json));
  } catch (cause) {
    throw invalid('the header of a frame is no JSON', cause);
  }
}

function isTensorHead(tensor: unknown): boolean {
  if (!isObject(tensor)) return false;
  const { name, elementType, shape, bytes, lengths } = tensor;
  const isNamed = typeof name === 'string' && isCount(elementType);
  return isNamed && areCounts(shape) && isCount(bytes) && (lengths === undefined || areCounts(lengths));
}

function areCounts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isCount);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
