// The body of a request or response: a JSON part and, behind it, the binary tensors.
import { invalid } from '../../registry/errors.ts';
import { binaryByteLength, writeBinaryData } from './binary.ts';
import { describeValue } from './describe.ts';
import type { Tensor } from './tensor.ts';

/** The header that tells how many bytes of the body are JSON. */
export const headerLengthName = 'Inference-Header-Content-Length';

export interface EncodedMessage {
  readonly headers: Record<string, string>;
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

/** Puts a body together; each tensor's data is copied once, to its place. */
export function sealEnvelope(json: string, binary: readonly Tensor[]): EncodedMessage {
  if (binary.length === 0) return { headers: { 'content-type': 'application/json' }, body: json };
  const head = new TextEncoder().encode(json);
  const body = new Uint8Array(binary.reduce((sum, tensor) => sum + binaryByteLength(tensor.data), head.length));
  body.set(head);
  let at = head.length;
  for (const tensor of binary) at = writeBinaryData(tensor.data, body, at);
  return {
    headers: { 'content-type': 'application/octet-stream', [headerLengthName]: String(head.length) },
    body,
  };
}
