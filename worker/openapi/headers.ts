// The headers of the API by their names: what each says, and what it looks like.
import type { JsonSchema } from './schemas.ts';

interface Header {
  readonly description: string;
  readonly schema: JsonSchema;
}

const text = { type: 'string' };
const whole = { type: 'integer', minimum: 0 };
const digest = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' };
const headerLength = { description: 'bytes of the JSON part before the binary tensors', schema: whole };

const requestHeaders = {
  'Inference-Header-Content-Length': headerLength,
  'popserve-min-epoch': { description: 'answer from this epoch or a newer one, else 503', schema: whole },
  'popserve-key': { description: "the device's id: keeps it on one side of a canary", schema: text },
  'popserve-non-finite': {
    description: '`bare`: the JSON of the answer has NaN, Infinity and -Infinity, which is no JSON, in place of null',
    schema: { enum: ['null', 'bare'] },
  },
  'popserve-last-call': {
    description: 'how the last call to this path went: `ms=41.3, status=200, bytes=812, version="2", pop="FRA"`',
    schema: text,
  },
  'popserve-feedback': { description: 'anything: the answer is to have an id, for feedback', schema: text },
  traceparent: { description: 'the trace that the call is part of, as W3C Trace Context has it', schema: text },
  'popserve-actor': { description: 'who does it, for the history', schema: text },
  'If-Match': { description: 'only if the route has this epoch, `"7"`, else 409', schema: text },
  'If-None-Match': { description: 'ETags that the client holds: 304 if one still holds', schema: text },
  Range: { description: 'bytes, `bytes=0-1023`: 206', schema: text },
  'If-Range': { description: 'the range only of what has this ETag, else all', schema: text },
} satisfies Record<string, Header>;

const answerHeaders = {
  'Inference-Header-Content-Length': headerLength,
  'popserve-version': { description: 'version that the answer was made of', schema: text },
  'popserve-epoch': { description: 'epoch of the route that it follows from', schema: whole },
  'popserve-digest': { description: "SHA-256 of the model's bytes", schema: digest },
  'popserve-instead-of': {
    description: "the canary's version that cannot be loaded here, where `stable` answered for it",
    schema: text,
  },
  'popserve-engine': {
    description: 'the engine that ran the model, where it was not onnxruntime',
    schema: { enum: ['litert'] },
  },
  'popserve-format': { description: 'format of the bytes', schema: { enum: ['ort', 'onnx'] } },
  'popserve-sample-rows': { description: 'rows in the answer', schema: whole },
  'popserve-sample-seen': { description: 'rows that were answered, which they were drawn from', schema: whole },
  'popserve-sample-skipped': {
    description: 'rows that were drawn and left out: too large, or text that is not UTF-8',
    schema: whole,
  },
  'popserve-tokens': { description: 'tokens that the model was given, the special ones among them', schema: whole },
  'popserve-truncated': {
    description: 'the places of texts that were cut off, `0,3`; of many the first 64 and how many more, `+12`',
    schema: text,
  },
  'popserve-pop': { description: 'name of the PoP', schema: text },
  'Retry-After': { description: 'seconds after which to try again', schema: whole },
  'WWW-Authenticate': { description: 'how to authenticate, with 401', schema: text },
  ETag: { description: 'stands for what was answered', schema: text },
  'popserve-answer-id': { description: 'the id for feedback, if it was asked for and there is one', schema: text },
  traceparent: { description: 'the span that answered, where the call brought a trace or was sampled', schema: text },
  'Server-Timing': { description: 'what a cold start was made of; absent if there was none', schema: text },
} satisfies Record<string, Header>;

export type RequestHeader = keyof typeof requestHeaders;
export type AnswerHeader = keyof typeof answerHeaders;

export function headerParameters(names: readonly RequestHeader[]): JsonSchema[] {
  return names.map((name) => ({ name, in: 'header', ...requestHeaders[name] }));
}

export function headersOfAnswer(names: readonly AnswerHeader[]): JsonSchema {
  return Object.fromEntries(names.map((name) => [name, answerHeaders[name]]));
}
