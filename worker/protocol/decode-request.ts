// An inference request from its body: JSON of tensors or of plain records, JSON with binary tensors behind it, or one raw tensor.
import { invalid, PopserveError } from '../../registry/errors.ts';
import { elementBytes, elementCount, type Signature } from '../../registry/signature.ts';
import { decodeBinaryData } from './binary.ts';
import type { Admit } from './check-inputs.ts';
import { shapeTaken } from './column-vector.ts';
import { decodeRecords } from './decode-records.ts';
import { decodeTensors } from './decode-tensors.ts';
import { describeShape, describeValue, quote } from './describe.ts';
import { headerLengthName, readHeaderLength } from './envelope.ts';
import {
  checkJsonBytes,
  isAbsent,
  type JsonObject,
  readArray,
  readBoolean,
  readObject,
  readParameters,
  readRecords,
  readString,
  refuseSharedMemory,
} from './fields.ts';
import type { DecodeLimits, InferRequest, RequestedOutput } from './infer-request.ts';
import { type Ends, leastSliceBytes, type ParsedJson, parseJson, requestLimits } from './json.ts';
import type { HeadParts } from './known-head.ts';
import type { Tensor } from './tensor.ts';

function decodeRequestedOutputs(value: unknown): RequestedOutput[] | null {
  if (isAbsent(value)) return null;
  const entries = readArray(value, "'outputs'");
  const names = new Set<string>();
  const outputs = entries.map((raw, index): RequestedOutput => {
    const entry = readObject(raw, `outputs[${index}]`);
    const name = readString(entry.name, `outputs[${index}].name`);
    const where = `output ${quote(name)}`;
    if (names.has(name)) throw invalid(`${where}: requested twice`);
    names.add(name);
    const parameters = readParameters(entry.parameters, `${where}: parameters`);
    refuseSharedMemory(parameters, where);
    const { classification } = parameters;
    if (classification !== undefined && (typeof classification !== 'number' || !isPositiveInteger(classification))) {
      throw invalid(`${where}: classification is ${describeValue(classification)}, expected an integer of 1 or more`);
    }
    return { name, binary: readBoolean(parameters.binary_data, `${where}: binary_data`), classification };
  });
  // As in Triton, a list that names none asks for all.
  return outputs.length === 0 ? null : outputs;
}

function isPositiveInteger(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}

/** The raw form: the body is the data of the only input, and its size gives the one dimension that may be variable. */
function decodeRawRequest(
  body: Uint8Array,
  signature: Signature,
  limits: DecodeLimits,
  admit: Admit | undefined,
): InferRequest {
  const form = `${headerLengthName} is 0, so the body is one raw tensor`;
  const [input, ...others] = signature.inputs;
  if (input === undefined || others.length > 0) {
    throw invalid(`${form}, but the model has ${signature.inputs.length} inputs`);
  }
  const { name, datatype } = input;
  const where = `input ${quote(name)}`;
  const expected = `${datatype} ${describeShape(input.shape)}`;
  const request = { parameters: {}, outputs: null, binaryOutputs: true };
  if (datatype === 'BYTES') {
    const [dimension] = input.shape;
    if (input.shape.length !== 1 || (dimension !== 1 && dimension !== -1)) {
      throw invalid(`${form}, but ${where} is ${expected} and only BYTES [1] can be sent so`);
    }
    // As in Triton, the one element is the body itself, without a length before it.
    return { ...request, inputs: [{ name, datatype, shape: [1], data: [body] }] };
  }
  const variable = input.shape.filter((dimension) => dimension === -1).length;
  if (variable > 1) throw invalid(`${form}, but ${where} is ${expected} with more than one variable dimension`);
  const rest = elementCount(input.shape.filter((dimension) => dimension !== -1));
  const deduced = rest === 0 ? 0 : body.length / (rest * elementBytes[datatype]);
  if (variable === 1 && !Number.isInteger(deduced)) {
    throw invalid(
      `${where}: expected ${expected}, so a multiple of ${rest * elementBytes[datatype]} bytes, got ${body.length}`,
    );
  }
  const shape = input.shape.map((dimension) => (dimension === -1 ? deduced : dimension));
  const count = elementCount(shape);
  if (count > limits.maxElements) {
    throw new PopserveError('TOO_LARGE', `${where}: ${count} elements, the limit is ${limits.maxElements}`);
  }
  admit?.({ name, datatype, shape });
  const data = decodeBinaryData({ datatype, shape }, count, body, where);
  return { ...request, inputs: [{ name, datatype, shape, data }] };
}

interface RequestMessage {
  readonly body: Uint8Array;
  readonly headerLength: string | null;
  readonly signature: Signature;
  /** Names of the features in plain records, as the manifest has them. */
  readonly features?: readonly string[] | undefined;
  readonly limits: DecodeLimits;
  /** Refuses an input by its name, datatype and shape, before an element of it is read; see admitFor. */
  readonly admit?: Admit | undefined;
  /** Told of a head that another body may repeat, with other elements. */
  readonly onHead?: ((parts: HeadParts) => void) | undefined;
  /** Told before inputs that were admitted are read once more. */
  readonly onRepeat?: (() => void) | undefined;
}

/** Faults that a text may have for no other reason than that the end of an array was taken to be elsewhere. */
const textFaults: ReadonlySet<string> = new Set(['INVALID_ARGUMENT', 'TOO_LARGE']);

/**
 * Decodes the body of an inference request. Binary tensors are views on `body`, possibly unaligned. Whether
 * inputs are missing is asked later (checkInputs).
 *
 * @param headerLength value of the header Inference-Header-Content-Length as it came, `null` without one
 * @throws {PopserveError} INVALID_ARGUMENT naming the field or input at fault; TOO_LARGE beyond the limits
 * @see https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
export function decodeInferRequest(message: RequestMessage): InferRequest {
  const { body, headerLength, signature, limits, admit } = message;
  const jsonBytes = readHeaderLength(headerLength, body.length);
  if (jsonBytes === 0 && headerLength !== null) return decodeRawRequest(body, signature, limits, admit);

  checkJsonBytes(jsonBytes, limits);
  const parse = (ends: Ends) =>
    parseJson(body.subarray(0, jsonBytes), { maxDepth: limits.maxJsonDepth, ...requestLimits }, 'tensors', ends);
  let json: ParsedJson | undefined;
  try {
    json = parse('quick');
    return decodeParsed(message, json, jsonBytes);
  } catch (error) {
    const mayDiffer = json?.isQuick ?? jsonBytes >= leastSliceBytes;
    if (!mayDiffer || !(error instanceof PopserveError) || !textFaults.has(error.code)) throw error;
    message.onRepeat?.();
    return decodeParsed(message, parse('exact'), jsonBytes);
  }
}

function decodeParsed(message: RequestMessage, json: ParsedJson, jsonBytes: number): InferRequest {
  const { body, headerLength, signature, limits, admit } = message;
  const request = readObject(json.value, 'the body');
  const parameters = readParameters(request.parameters, "'parameters'");
  const binaryOutputs = readBoolean(parameters.binary_data_output, "'parameters': binary_data_output") ?? false;
  const id = isAbsent(request.id) ? {} : { id: readString(request.id, "'id'") };
  if (request.inputs === undefined && request.instances !== undefined) {
    const records = readRecords(request.instances, limits);
    json.settle();
    const model = { signature, features: message.features };
    const exact = () => (json.exact() as JsonObject).instances as readonly unknown[];
    const inputs = decodeRecords(model, { records, exact, admit });
    return { ...id, parameters, inputs, outputs: null, binaryOutputs: false, records: records.length };
  }
  const outputs = decodeRequestedOutputs(request.outputs);
  const inputs = decodeTensors('input', json, body.subarray(jsonBytes), {
    maxTensors: limits.maxInputs,
    maxElements: limits.maxElements,
    taken: (tensor) => shapeTaken(tensor, signature),
    admit,
  });
  json.settle();
  if (message.onHead) {
    const parts = partsOf(json, inputs, { body, headerLength, jsonBytes });
    if (parts !== null) message.onHead(parts);
  }
  return { ...id, parameters, inputs, outputs, binaryOutputs };
}

/** @returns null where a body with the same head could mean something else, or where elements stand among it */
function partsOf(
  json: ParsedJson,
  inputs: readonly Tensor[],
  { body, headerLength, jsonBytes }: { body: Uint8Array; headerLength: string | null; jsonBytes: number },
): HeadParts | null {
  if (inputs.length === 0) return null;
  if (json.hasSlices) {
    const data = json.onlySlice;
    return headerLength === null && inputs.length === 1 && data !== null ? { jsonBytes, data } : null;
  }
  const isView = ({ data }: Tensor) => data instanceof Uint8Array && data.buffer === body.buffer;
  return inputs.every(isView) ? { jsonBytes, data: null } : null;
}
