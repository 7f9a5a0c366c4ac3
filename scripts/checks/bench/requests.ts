// The requests that contestants are measured with, as bytes on the wire.

import { encodeInferRequest } from '../../../worker/protocol/encode-request.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import { type HttpAnswer, HttpConnection, httpRequest } from './http-connection.ts';
import type { BenchModel } from './models.ts';

/** OIP with binary tensors both ways. */
export function binaryRequest(path: string, inputs: readonly Tensor[]): Buffer {
  const { headers, body } = encodeInferRequest(inputs, { binary: true, binaryOutputs: true });
  return httpRequest('POST', path, headers, body);
}

/** OIP in JSON both ways. */
export function jsonRequest(path: string, inputs: readonly Tensor[]): Buffer {
  const { headers, body } = encodeInferRequest(inputs);
  return httpRequest('POST', path, headers, body);
}

/** The elements of the first input and nothing else, as the bare Worker takes them. */
export function elementsRequest(path: string, [input]: readonly Tensor[]): Buffer {
  if (!(input?.data instanceof Uint8Array)) throw new Error('expected an input of numbers');
  return httpRequest('POST', path, {}, input.data);
}

export function inferPath({ manifest }: BenchModel): string {
  return `/v2/models/${manifest.model}/infer`;
}

/** One request on a connection of its own. */
export async function sendOnce(port: number, request: Buffer): Promise<HttpAnswer> {
  using connection = await HttpConnection.open(port);
  const { body, ...rest } = await connection.send(request);
  return { ...rest, body: Buffer.from(body) };
}

/** Calls a /measure path of a measured Worker or server. */
export async function measure<T>(
  port: number,
  path: string,
  query: Readonly<Record<string, string>>,
  body: Uint8Array,
): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${port}${path}?${new URLSearchParams(query)}`, {
    method: 'POST',
    body: body as Uint8Array<ArrayBuffer>,
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${(await response.text()).slice(0, 300)}`);
  return (await response.json()) as T;
}
