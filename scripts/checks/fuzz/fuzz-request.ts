// A request as fuzzing handles it: its parts still apart, so that each can be changed by what it means.

export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  /** The JSON part as a value; undefined for a request without one. */
  readonly json: unknown;
  /** Raw tensors behind the JSON. */
  readonly tensors: readonly Uint8Array[];
  /** Value of Inference-Header-Content-Length: computed, none, or this text. */
  readonly headerLength: 'computed' | 'none' | { readonly text: string };
  readonly headers: Readonly<Record<string, string>>;
}

/** A request as it is sent. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

export function toWire(request: FuzzRequest): WireRequest {
  const { method, path, json, tensors, headerLength } = request;
  if (method === 'GET') return { method, path, headers: request.headers, body: null };
  const head = json === undefined ? Buffer.alloc(0) : Buffer.from(jsonText(json));
  const length =
    headerLength === 'none'
      ? {}
      : {
          'inference-header-content-length': headerLength === 'computed' ? String(head.length) : headerLength.text,
        };
  return { method, path, headers: { ...request.headers, ...length }, body: Buffer.concat([head, ...tensors]) };
}

/** As JSON.stringify, with numbers that it cannot write. */
function jsonText(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `bigint:${part}` : part))
    .replace(/"bigint:(-?\d+)"/g, '$1')
    .replace(/"raw:([^"\\]*)"/g, '$1');
}
