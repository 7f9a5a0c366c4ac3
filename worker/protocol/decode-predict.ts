// TensorFlow Serving's REST form of a prediction, row and column format, for clients that speak nothing else.
// https://github.com/tensorflow/serving/blob/master/tensorflow_serving/g3doc/api_rest.md
import { batchOf } from '../../registry/batch.ts';
import { decodeBase64 } from '../../registry/bytes.ts';
import { invalid, PopserveError } from '../../registry/errors.ts';
import type { InputLimit } from '../../registry/input-size-limits.ts';
import { elementCount, inputsTaken, type TensorSpec } from '../../registry/signature.ts';
import { type Admit, admitFor } from './check-inputs.ts';
import { decodeDataSlice, shapeOfSlice } from './data-slice.ts';
import { decodeJsonData } from './decode-json-data.ts';
import { completedShape, decodeRecords, shapeOf } from './decode-records.ts';
import { describeShape, describeValue, quote } from './describe.ts';
import { checkJsonBytes, isAbsent, type JsonObject, readObject, readRecords, readString } from './fields.ts';
import type { DecodeLimits, InferRequest } from './infer-request.ts';
import { type ParsedJson, parseJson, requestLimits } from './json.ts';
import { checkRecordCount, columnsOf, type RecordModel } from './record-model.ts';
import { type DataSlice, NotJson } from './slice-reader.ts';
import type { Tensor } from './tensor.ts';

export interface PredictRequest extends InferRequest {
  /** `row`: `instances` came, `predictions` go back; `column`: `inputs` and `outputs`. */
  readonly format: 'row' | 'column';
  /** Instances of the row format. */
  readonly count: number;
}

export interface PredictModel extends RecordModel {
  readonly limits?: readonly InputLimit[] | undefined;
}

const signatureName = 'serving_default';
/** Where whole tensors can be asked for, in messages. */
const columnFormat = "'inputs'";

/** @throws {PopserveError} INVALID_ARGUMENT naming the instance or input at fault, TOO_LARGE beyond the limits */
export function decodePredictRequest(
  body: Uint8Array,
  model: PredictModel,
  limits: DecodeLimits,
  admit: Admit = admitFor(model),
): PredictRequest {
  checkJsonBytes(body.length, limits);
  const json = parseJson(body, { maxDepth: limits.maxJsonDepth, ...requestLimits }, 'columns');
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
  const decoder = new PredictDecoder(json, model, { limits, admit });
  const common = { parameters: {}, outputs: null, binaryOutputs: false };
  try {
    const decoded =
      instances === undefined
        ? { ...common, inputs: decoder.columns(inputs), format: 'column' as const, count: 0 }
        : { ...common, ...decoder.rows(instances), format: 'row' as const };
    json.settle();
    return decoded;
  } catch (error) {
    throw error instanceof NotJson ? json.fault() : error;
  }
}

class PredictDecoder {
  readonly #json: ParsedJson;
  readonly #model: PredictModel;
  readonly #limits: DecodeLimits;
  readonly #admit: Admit;

  constructor(json: ParsedJson, model: PredictModel, { limits, admit }: { limits: DecodeLimits; admit: Admit }) {
    this.#json = json;
    this.#model = model;
    this.#limits = limits;
    this.#admit = admit;
  }

  rows(instances: unknown): { inputs: Tensor[]; count: number } {
    const slice = this.#json.sliceOf(instances);
    const direct = slice && this.#rowsOfOneInput(slice);
    if (direct) return { inputs: [direct], count: direct.shape[0] ?? 0 };
    const parsed = slice === null ? instances : this.#json.parseSlice(slice, this.#limits.maxJsonDepth);
    const rows = readRecords(parsed, this.#limits);
    const exact = () => (slice === null ? (this.#json.exact() as JsonObject).instances : this.#json.exactSlice(slice));
    const records = asRecords(this.#model, rows);
    const exactRecords = () => asRecords(this.#model, exact() as readonly unknown[]);
    const read = { records, exact: exactRecords, admit: this.#admit, elsewhere: columnFormat };
    return { inputs: decodeRecords(this.#model, read), count: rows.length };
  }

  columns(inputs: unknown): Tensor[] {
    const { signature } = this.#model;
    const given = this.#namedColumns(inputs);
    const taken = inputsTaken(signature);
    for (const name of Object.keys(given)) {
      if (taken.some((input) => input.name === name)) continue;
      const known = taken.map((input) => quote(input.name)).join(', ');
      throw invalid(`input ${quote(name)}: not an input of the model, which has ${known}`);
    }
    return taken
      .filter((spec) => signature.inputs.includes(spec) || Object.hasOwn(given, spec.name))
      .map((spec) => this.#column(spec, given));
  }

  /**
   * Rows of a model with one input, read from the bytes like its column.
   * @returns null where they are objects, or rows of another shape than the model's: those are read one by one
   */
  #rowsOfOneInput(slice: DataSlice): Tensor | null {
    const [column, ...others] = columnsOf(this.#model).filter(({ isOptional }) => !isOptional);
    if (column === undefined || others.length > 0) return null;
    if (!batchOf(this.#model.signature).inputs.has(column.spec.name)) return null;
    const inferred = shapeOfSlice(slice);
    const { shape } = column.spec;
    if (inferred === null || inferred.length !== shape.length || shape.length === 0) return null;
    if (inferred.some((size, axis) => axis > 0 && shape[axis] !== -1 && shape[axis] !== size)) return null;
    const [rows = 0] = inferred;
    if (rows === 0) return null;
    checkRecordCount(this.#model, rows, columnFormat);
    return this.#tensor(column.spec, inferred, slice);
  }

  #namedColumns(inputs: unknown): Record<string, unknown> {
    const { signature } = this.#model;
    const value = unwrapBase64(inputs);
    if (isRecord(value)) return value;
    const [only, ...others] = signature.inputs;
    if (only && others.length === 0) return { [only.name]: value };
    throw invalid(`'inputs': expected an object with ${signature.inputs.length} inputs, got ${describeValue(value)}`);
  }

  #column(spec: TensorSpec, given: Record<string, unknown>): Tensor {
    const { name, datatype } = spec;
    const where = `input ${quote(name)}`;
    if (!Object.hasOwn(given, name))
      throw invalid(`${where}: expected ${datatype} ${describeShape(spec.shape)}, got none`);
    const slice = this.#json.sliceOf(given[name]);
    if (slice !== null) return this.#tensor(spec, completedShape(shapeOfSlice(slice) ?? [], spec.shape), slice);
    const data = unwrapBase64(given[name]);
    const shape = completedShape(shapeOf(data), spec.shape);
    this.#admit({ name, datatype, shape });
    const target = { where, datatype, shape, count: elementCount(shape) };
    const exact = () => unwrapBase64(this.#namedColumns((this.#json.exact() as JsonObject).inputs)[name]);
    return { name, datatype, shape, data: decodeJsonData(target, data, exact) };
  }

  #tensor({ name, datatype }: TensorSpec, shape: readonly number[], slice: DataSlice): Tensor {
    const where = `input ${quote(name)}`;
    const count = elementCount(shape);
    if (count > this.#limits.maxElements) {
      throw new PopserveError('TOO_LARGE', `${where}: ${count} elements, the limit is ${this.#limits.maxElements}`);
    }
    this.#admit({ name, datatype, shape });
    return { name, datatype, shape, data: decodeDataSlice({ where, datatype, shape, count }, slice, true) };
  }
}

/** The instances as records: one that is not an object is the value of the model's only input. */
function asRecords(model: RecordModel, instances: readonly unknown[]): unknown[] {
  const { signature } = model;
  const [only, ...others] = signature.inputs;
  const columns = columnsOf(model)[0]?.features ?? [];
  return instances.map((instance, index) => {
    const value = unwrapBase64(instance);
    if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([name, at]) => [name, unwrapBase64(at)]));
    if (only === undefined || others.length > 0) {
      throw invalid(
        `instances[${index}]: expected an object with the ${signature.inputs.length} inputs of the model, got ${describeValue(value)}`,
      );
    }
    // A column with the name of its input would take the row.
    if (!columns.includes(only.name) || !Array.isArray(value)) return { [only.name]: value };
    if (value.length === columns.length) return Object.fromEntries(columns.map((name, at) => [name, value[at]]));
    throw invalid(`instances[${index}]: expected ${columns.length} values, got ${value.length}`);
  });
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
