// Tensors of any ONNX type between the inspection Worker and the command: a length, a JSON header, then the raw elements.
// Not the Open Inference Protocol, which cannot name every type; nothing outside this project speaks it.
import { joinBytes } from '../../registry/bytes.ts';
import { PopserveError } from '../../registry/errors.ts';

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

interface FrameHeader {
  tensors: { name: string; elementType: number; shape: number[]; bytes: number; lengths?: number[] }[];
  extra: Record<string, unknown>;
}

/** uint32 little-endian length of the header, the header as JSON, the tensors' bytes in order. */
export function encodeFrame({ tensors, extra }: RawFrame): Uint8Array<ArrayBuffer> {
  const header: FrameHeader = { tensors: [], extra };
  const parts: Uint8Array[] = [];
  for (const { name, elementType, shape, data } of tensors) {
    const pieces = data instanceof Uint8Array ? [data] : data;
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const lengths = data instanceof Uint8Array ? {} : { lengths: data.map((string) => string.length) };
    header.tensors.push({ name, elementType, shape: [...shape], bytes, ...lengths });
    for (const piece of pieces) parts.push(piece);
  }
  const head = new TextEncoder().encode(JSON.stringify(header));
  const frame = joinBytes([new Uint8Array(4), head, ...parts]);
  new DataView(frame.buffer).setUint32(0, head.length, true);
  return frame;
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
