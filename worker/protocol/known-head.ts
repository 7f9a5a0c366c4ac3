// The head of a request: all of its body but the elements of its tensors. Devices repeat theirs byte for byte, so what a head said, and
// what was checked of it, is remembered with the bytes themselves. A body with the very same bytes is read without looking into them.
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { AnswerForm } from './answer-form.ts';
import { decodeBinaryData } from './binary.ts';
import type { Admit } from './check-inputs.ts';
import { decodeDataSlice } from './data-slice.ts';
import { quote } from './describe.ts';
import { type CheckedHead, type DecodeLimits, type InferRequest, outputNames } from './infer-request.ts';
import { leastSliceBytes } from './json.ts';
import { type DataSlice, NotJson, uncounted } from './slice-reader.ts';
import type { Tensor, TensorHead } from './tensor.ts';

/** The parts of a body around the elements of its tensors, told by whoever has decoded it. */
export interface HeadParts {
  /** Bytes of the JSON part. */
  readonly jsonBytes: number;
  /** Where in the JSON the elements of the only input stand; null where all inputs are binary. */
  readonly data: DataSlice | null;
}

interface PlacedInput extends TensorHead {
  readonly count: number;
  /** For messages. */
  readonly where: string;
  /** Where its elements begin in the body. */
  readonly at: number;
  /** Bytes of its elements; 0 in JSON, where they have no fixed length. */
  readonly bytes: number;
}

/** Larger heads are decoded each time: they hold more than the description of some tensors. */
const mostHeadBytes = 4096;

export class KnownHead implements CheckedHead {
  readonly manifest: Manifest;
  readonly names: readonly string[];
  answer: AnswerForm | null = null;
  readonly #headerLength: string | null;
  /** The JSON as far as the elements, and behind them. */
  readonly #before: Uint8Array;
  readonly #after: Uint8Array;
  /** Bytes of the whole body; null where the elements are JSON. */
  readonly #bodyBytes: number | null;
  readonly #inputs: readonly PlacedInput[];
  readonly #said: Omit<InferRequest, 'inputs'>;

  private constructor(
    manifest: Manifest,
    { body, headerLength }: { readonly body: Uint8Array; readonly headerLength: string | null },
    { jsonBytes, data }: HeadParts,
    { inputs, ...said }: InferRequest,
  ) {
    this.manifest = manifest;
    this.names = outputNames(said, manifest.signature);
    this.#headerLength = headerLength;
    this.#before = body.slice(0, data?.start ?? jsonBytes);
    this.#after = data === null ? new Uint8Array() : body.slice(data.end, jsonBytes);
    this.#bodyBytes = data === null ? body.length : null;
    this.#inputs = inputs.map((input) => placed(input, body, data));
    this.#said = said;
  }

  /** @returns null for a head that is not worth remembering */
  static of(
    manifest: Manifest,
    message: { readonly body: Uint8Array; readonly headerLength: string | null },
    parts: HeadParts,
    request: InferRequest,
  ): KnownHead | null {
    const { jsonBytes, data } = parts;
    const headBytes = jsonBytes - (data === null ? 0 : data.end - data.start);
    return headBytes > mostHeadBytes ? null : new KnownHead(manifest, message, parts, request);
  }

  get byteLength(): number {
    return this.#before.length + this.#after.length;
  }

  /**
   * @param admit called before memory is taken for elements that are JSON
   * @returns null for a body with another head, and for JSON that is refused: whoever decodes the whole body says why
   * @throws {PopserveError} INVALID_ARGUMENT naming the binary element at fault, and what `admit` throws
   */
  read(body: Uint8Array, headerLength: string | null, limits: DecodeLimits, admit: Admit): InferRequest | null {
    if (headerLength !== this.#headerLength || !startsWith(body, this.#before, 0)) return null;
    const inputs = this.#bodyBytes === null ? this.#readJson(body, limits, admit) : this.#readBinary(body);
    return inputs === null ? null : { ...this.#said, inputs, known: this };
  }

  #readBinary(body: Uint8Array): Tensor[] | null {
    if (body.length !== this.#bodyBytes) return null;
    const tensors: Tensor[] = [];
    for (const input of this.#inputs) {
      const { name, datatype, shape, count, at, bytes, where } = input;
      tensors.push({
        name,
        datatype,
        shape,
        data: decodeBinaryData(input, count, body.subarray(at, at + bytes), where),
      });
    }
    return tensors;
  }

  #readJson(body: Uint8Array, { maxJsonBytes, maxJsonDepth }: DecodeLimits, admit: Admit): Tensor[] | null {
    const [input] = this.#inputs;
    const end = body.length - this.#after.length;
    if (input === undefined || body.length > maxJsonBytes || !startsWith(body, this.#after, end)) return null;
    const { name, datatype, shape, count, at, where } = input;
    // Nested elements stand in an array for each dimension, within an object, an array and an object.
    if (end - at < leastSliceBytes || shape.length + 3 > maxJsonDepth) return null;
    admit(input);
    const slice = { bytes: body, start: at, end, commas: uncounted, containers: 1 };
    try {
      return [{ name, datatype, shape, data: decodeDataSlice({ where, datatype, shape, count }, slice) }];
    } catch (error) {
      if (error instanceof NotJson || error instanceof PopserveError) return null;
      throw error;
    }
  }
}

function placed({ name, datatype, shape, data }: Tensor, body: Uint8Array, slice: DataSlice | null): PlacedInput {
  const count = shape.reduce((product, dimension) => product * dimension, 1);
  const head = { name, datatype, shape, count, where: `input ${quote(name)}` };
  if (slice !== null) return { ...head, at: slice.start, bytes: 0 };
  if (!(data instanceof Uint8Array)) throw new TypeError(`${head.where}: elements without a fixed length`);
  return { ...head, at: data.byteOffset - body.byteOffset, bytes: data.length };
}

function startsWith(body: Uint8Array, bytes: Uint8Array, at: number): boolean {
  const { length } = bytes;
  if (at < 0 || body.length < at + length) return false;
  for (let index = 0; index < length; index++) if (body[at + index] !== bytes[index]) return false;
  return true;
}
