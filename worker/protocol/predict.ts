// TensorFlow Serving's REST form of a prediction, row and column format, for clients that speak nothing else.
// https://github.com/tensorflow/serving/blob/master/tensorflow_serving/g3doc/api_rest.md

import { decodeBase64, encodeBase64 } from '../../registry/bytes.ts';
import { invalid } from '../../registry/errors.ts';
import { elementCount, type TensorSpec } from '../../registry/signature.ts';
import { decodeJsonData } from './decode-json-data.ts';
import { decodeRecords, type RecordModel, shapeOf } from './decode-records.ts';
import { describeShape, describeValue, quote } from './describe.ts';
import type { EncodedMessage } from './envelope.ts';
import { isAbsent, type JsonObject, readArray, readObject, readString } from './fields.ts';
import type { DecodeLimits, InferRequest } from './infer-request.ts';
import { parseJson } from './json.ts';
import { elementTexts, nestTexts } from './json-rows.ts';
import type { Tensor } from './tensor.ts';

export interface PredictRequest extends InferRequest {
  /** `row`: `instances` came, `predictions` go back; `column`: `inputs` and `outputs`. */
  readonly format: 'row' | 'column';
  /** Instances of the row format. */
  readonly count: number;
}

const signatureName = 'serving_default';
const otherValues = 4096;

/**
 * @throws PopserveError INVALID_ARGUMENT naming the instance or input at fault, TOO_LARGE beyond the limits
 */
export function decodePredictRequest(body: Uint8Array, model: RecordModel, limits: DecodeLimits): PredictRequest {
  const json = parseJson(body, { maxDepth: limits.maxJsonDepth, maxValues: limits.maxElements + otherValues });
  const request = readObject(json.value, 'the body');
  const wanted = isAbsent(request.signature_name)
    ? signatureName
    : readString(request.signature_name, "'signature_name'");
  if (wanted !== '' && wanted !== signatureName) {
    throw invalid(
      `'signature_name': expected '${signatureName}', the only signature of a model here, got ${quote(wanted)}`,
    );
  }
  const { instances, inputs } = request;
  if ((instances === undefined) === (inputs === undefined)) {
    const came = instances === undefined ? 'neither' : 'both';
    throw invalid(`expected either 'instances' (row format) or 'inputs' (column format), got ${came}`);
  }
  const common = { parameters: {}, outputs: null, binaryOutputs: false };
  const root = (exact: boolean) => (exact ? json.exact() : json.value) as JsonObject;
  if (instances === undefined) {
    return { ...common, inputs: decodeColumns(model, (exact) => root(exact).inputs), format: 'column', count: 0 };
  }
  const rows = readArray(instances, "'instances'");
  if (rows.length === 0) throw invalid("'instances' is empty, expected at least one");
  const exactRecords = () => asRecords(model, root(true).instances as readonly unknown[]);
  const tensors = decodeRecords(model, asRecords(model, rows), exactRecords);
  return { ...common, inputs: tensors, format: 'row', count: rows.length };
}

/** The instances as records: one that is not an object is the value of the model's only input. */
function asRecords({ signature }: RecordModel, instances: readonly unknown[]): unknown[] {
  const [only, ...others] = signature.inputs;
  return instances.map((instance, index) => {
    const value = unwrapBase64(instance);
    if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([name, at]) => [name, unwrapBase64(at)]));
    if (only === undefined || others.length > 0) {
      throw invalid(
        `instances[${index}]: expected an object with the ${signature.inputs.length} inputs of the model, got ${describeValue(value)}`,
      );
    }
    return { [only.name]: value };
  });
}

function decodeColumns({ signature }: RecordModel, inputsOf: (exact: boolean) => unknown): Tensor[] {
  const columns = (exact: boolean): Record<string, unknown> => {
    const inputs = unwrapBase64(inputsOf(exact));
    if (isRecord(inputs)) return inputs;
    const [only, ...others] = signature.inputs;
    if (only && others.length === 0) return { [only.name]: inputs };
    throw invalid(`'inputs': expected an object with ${signature.inputs.length} inputs, got ${describeValue(inputs)}`);
  };
  const given = columns(false);
  for (const name of Object.keys(given)) {
    if (signature.inputs.some((input) => input.name === name)) continue;
    const known = signature.inputs.map((input) => quote(input.name)).join(', ');
    throw invalid(`input ${quote(name)}: not an input of the model, which has ${known}`);
  }
  return signature.inputs.map((spec) => decodeColumn(spec, given, () => columns(true)));
}

function decodeColumn(spec: TensorSpec, given: Record<string, unknown>, exact: () => Record<string, unknown>): Tensor {
  const { name, datatype } = spec;
  const where = `input ${quote(name)}`;
  if (!Object.hasOwn(given, name))
    throw invalid(`${where}: expected ${datatype} ${describeShape(spec.shape)}, got none`);
  const data = unwrapBase64(given[name]);
  const shape = shapeOf(data);
  const target = { where, datatype, shape, count: elementCount(shape) };
  return { name, datatype, shape, data: decodeJsonData(target, data, () => unwrapBase64(exact()[name])) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** `{"b64": "…"}`, at any depth, as the bytes it stands for. */
function unwrapBase64(value: unknown): unknown {
  if (Array.isArray(value)) {
    // Numbers, by far the most, stay in their array.
    return typeof value[0] === 'number' ? value : value.map(unwrapBase64);
  }
  if (!isRecord(value) || !Object.hasOwn(value, 'b64') || Object.keys(value).length !== 1) return value;
  const bytes = typeof value.b64 === 'string' ? decodeBase64(value.b64) : null;
  if (bytes !== null) return bytes;
  throw invalid(`'b64' is ${describeValue(value.b64)}, expected a string in base64`);
}

/** Row format: `predictions`, one per instance; column format: `outputs`, whole tensors. Of one output the value alone. */
export function encodePredictResponse(request: PredictRequest, outputs: readonly Tensor[]): EncodedMessage {
  const texts = outputs.map((output) => ({
    name: output.name,
    shape: output.shape,
    elements: bytesOrTexts(output),
  }));
  const headers = { 'content-type': 'application/json' };
  const single = texts.length === 1;
  const collect = (values: readonly string[]) =>
    single
      ? (values[0] ?? 'null')
      : `{${values.map((value, index) => `${JSON.stringify(texts[index]?.name)}:${value}`).join(',')}}`;
  if (request.format === 'column') {
    const whole = collect(texts.map(({ elements, shape }) => nestTexts(elements, shape)));
    return { headers, body: `{"outputs":${whole}}` };
  }
  for (const { name, shape } of texts) {
    if (shape[0] === request.count) continue;
    throw invalid(
      `output ${quote(name)}: ${describeShape(shape)} has no row for each of ${request.count} instances; ask with 'inputs'`,
    );
  }
  const rows = Array.from({ length: request.count }, (_, row) =>
    collect(
      texts.map(({ elements, shape }) => {
        const rest = shape.slice(1);
        const step = elementCount(rest);
        return nestTexts(elements.slice(row * step, (row + 1) * step), rest);
      }),
    ),
  );
  return { headers, body: `{"predictions":[${rows.join(',')}]}` };
}

/** As TensorFlow Serving has it: an output whose name ends in `_bytes` is base64, any other is text. */
function bytesOrTexts(output: Tensor): string[] {
  if (!output.name.endsWith('_bytes') || output.data instanceof Uint8Array) {
    return elementTexts(output, `output ${quote(output.name)}`);
  }
  return output.data.map((bytes) => JSON.stringify({ b64: encodeBase64(bytes) }));
}
