// The body of a request or response: a JSON part and, behind it, the binary tensors.
import { invalid } from '../../registry/errors.ts';
import { binaryByteLength, writeBinaryData } from './binary.ts';
import { describeValue } from './describe.ts';
import type { Tensor } from './tensor.ts';

/** The header that tells how many bytes of the body are JSON. */
export const headerLengthName = 'Inference-Header-Content-Length';

export interface EncodedMessage {
  /** Frozen where it is the same object for many messages. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

/**
 * @param headerLength the header's value as it came
 * @returns bytes of the JSON part: the whole body without the header, 0 for a raw binary request
 * @throws PopserveError INVALID_ARGUMENT if it is no number of bytes in the body
 */
export function readHeaderLength(headerLength: string | null, bodyBytes: number): number {
  if (headerLength === null) return bodyBytes;
  const text = headerLength.trim();
  const bytes = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (bytes <= bodyBytes) return bytes;
  throw invalid(
    `${headerLengthName}: expected 0 to ${bodyBytes}, the bytes of the body, got ${describeValue(headerLength)}`,
  );
}

const jsonHeaders: Record<string, string> = Object.freeze({ 'content-type': 'application/json' });

/** The JSON part before binary tensors, with the headers that tell of it. */
export interface SealedHead {
  readonly bytes: Uint8Array;
  readonly headers: Record<string, string>;
}

export function sealHead(json: string): SealedHead {
  const bytes = new TextEncoder().encode(json);
  return { bytes, headers: { 'content-type': 'application/octet-stream', [headerLengthName]: String(bytes.length) } };
}

/** Puts a body together; each tensor's data is copied once, to its place. */
export function sealEnvelope(json: string, binary: readonly Tensor[]): EncodedMessage {
  if (binary.length === 0) return { headers: jsonHeaders, body: json };
  return sealBinary(sealHead(json), binary);
}

/** The same behind a head that is there already. */
export function sealBinary({ bytes, headers }: SealedHead, binary: readonly Tensor[]): EncodedMessage {
  let length = bytes.length;
  for (const { data } of binary) length += binaryByteLength(data);
  const body = new Uint8Array(length);
  body.set(bytes);
  let at = bytes.length;
  for (const { data } of binary) at = writeBinaryData(data, body, at);
  return { headers, body };
}
