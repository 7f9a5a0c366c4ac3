// Tensors of any ONNX type between the inspection Worker and the command: a length, a JSON header, then the raw elements.
// Not the Open Inference Protocol, which cannot name every type; nothing outside this project speaks it.
import { PopserveError } from '../../registry/errors.ts';
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

function byteLengthOf(data: SentTensor['data']): number {
  return 'byteLength' in data ? data.byteLength : data.reduce((sum, piece) => sum + piece.length, 0);
}

/** @returns the offset behind the elements */
function write(data: SentTensor['data'], target: Uint8Array, offset: number): number {
  if ('write' in data) {
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

/** @throws PopserveError INVALID_ARGUMENT when the frame is cut short */
export function decodeFrame(bytes: Uint8Array): RawFrame {
  if (bytes.length < 4) throw new PopserveError('INVALID_ARGUMENT', `a frame of ${bytes.length} bytes has no header`);
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headerLength))) as FrameHeader;
  let offset = 4 + headerLength;
  const take = (length: number) => {
    if (offset + length > bytes.length) {
      throw new PopserveError('INVALID_ARGUMENT', `a frame of ${bytes.length} bytes ends before its tensors do`);
    }
    offset += length;
    return bytes.subarray(offset - length, offset);
  };
  const tensors = header.tensors.map(({ name, elementType, shape, bytes: length, lengths }) => ({
    name,
    elementType,
    shape,
    data: lengths ? lengths.map(take) : take(length),
  }));
  return { tensors, extra: header.extra };
}
