// Is an answer small enough to be put together? It stands in JS memory beside the heap, whose isolate has 128 MB for both.
import { PopserveError } from '../../registry/errors.ts';
import { type Datatype, elementBytes, elementCount } from '../../registry/signature.ts';
import { binaryByteLength } from './binary.ts';
import { quote } from './describe.ts';
import type { InferRequest } from './infer-request.ts';
import type { Tensor } from './tensor.ts';

/** Characters of an element in JSON at most, with its comma. */
const jsonBytes: Readonly<Record<Datatype, number>> = {
  BOOL: 6,
  UINT8: 4,
  UINT16: 6,
  UINT32: 11,
  UINT64: 21,
  INT8: 5,
  INT16: 7,
  INT32: 12,
  INT64: 21,
  FP16: 0,
  BF16: 0,
  FP32: 15,
  FP64: 25,
  BYTES: 0,
};

/** Classes that one answer may name: each is a string of its own in memory, and text in the answer. */
const mostNamed = 65_536;

/**
 * @param outputs as the model gave them: views on the heap, nothing copied yet
 * @param maxBytes of the body that they would make
 * @returns bytes that the answer has at most, classifications aside
 * @throws PopserveError TOO_LARGE naming the output that is too large and what would be smaller
 */
export function checkAnswerSize(
  outputs: readonly Tensor[],
  request: Pick<InferRequest, 'outputs' | 'binaryOutputs'>,
  maxBytes: number,
): number {
  let sum = 0;
  let named = 0;
  for (const { name, datatype, shape, data } of outputs) {
    sum += nestingBytes(shape);
    if (sum > maxBytes) {
      throw new PopserveError(
        'TOO_LARGE',
        `output ${quote(name)}: ${datatype} [${shape}] has no elements, but takes ${sum} bytes or more to nest, the limit is ${maxBytes}`,
      );
    }
    const requested = request.outputs?.find((output) => output.name === name);
    if (requested?.classification !== undefined) {
      named += classesNamed(shape, requested.classification);
      if (named <= mostNamed) continue;
      throw new PopserveError(
        'TOO_LARGE',
        `output ${quote(name)}: classification ${requested.classification} of ${datatype} [${shape}] names more than ${mostNamed} classes: ask for fewer, or for the tensor`,
      );
    }
    const binary = requested?.binary ?? request.binaryOutputs;
    const plain = binaryByteLength(data);
    if (binary) sum += plain;
    else if (data instanceof Uint8Array) sum += (data.length / elementBytes[datatype]) * jsonBytes[datatype];
    else sum += textBytes(data, maxBytes - sum);
    if (sum <= maxBytes) continue;
    const smaller = !binary && plain <= maxBytes ? ' (ask for it in the binary form)' : '';
    throw new PopserveError(
      'TOO_LARGE',
      `output ${quote(name)}: ${datatype} [${shape}] makes an answer of ${Math.round(sum)} bytes or more, the limit is ${maxBytes}${smaller}`,
    );
  }
  return sum;
}

/** The commonest escapes take two characters, those of other control characters six. */
const shortEscapes = new Set(Array.from('"\\\b\t\n\f\r', (character) => character.charCodeAt(0)));
const longEscape = '\\u0000'.length;

/** Strings as JSON has them, with quotes, commas and escapes; counted until it is more than the limit. */
function textBytes(strings: readonly Uint8Array[], limit: number): number {
  let sum = 0;
  for (const string of strings) {
    sum += string.length + '"",'.length;
    for (let at = 0; at < string.length; at++) {
      const byte = string[at] ?? 0;
      if (byte < 0x20) sum += shortEscapes.has(byte) ? 1 : longEscape - 1;
      else if (byte === 0x22 || byte === 0x5c) sum += 1;
    }
    if (sum > limit) break;
  }
  return sum;
}

/** Bytes of `[],` for each place before the zero of a shape without elements: a model chooses such a shape at no cost. */
function nestingBytes(shape: readonly number[]): number {
  const zero = shape.indexOf(0);
  return zero <= 0 ? 0 : elementCount(shape.slice(0, zero)) * 3;
}

/** With two or more dimensions, the first is the batch: see classification.ts. */
function classesNamed(shape: readonly number[], count: number): number {
  const [batch, ...rest] = shape.length > 1 ? shape : [1, ...shape];
  return (batch ?? 1) * Math.min(count, elementCount(rest));
}
