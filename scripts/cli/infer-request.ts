// A request from a file at a PoP: what `popserve infer --input` sends, and how it shows whatever answers.
import { readFile } from 'node:fs/promises';
import { predictionsSchema } from '../../registry/api/inference.ts';
import { PopserveError } from '../../registry/errors.ts';
import { decodeInferRequest } from '../../worker/protocol/decode-request.ts';
import { type DecodedInferResponse, decodeInferResponse } from '../../worker/protocol/decode-response.ts';
import { encodeJsonData } from '../../worker/protocol/encode-json-data.ts';
import { encodeInferRequest } from '../../worker/protocol/encode-request.ts';
import { encodeTensor } from '../../worker/protocol/encode-tensor.ts';
import { type EncodedMessage, headerLengthName } from '../../worker/protocol/envelope.ts';
import { decodeLimits } from '../../worker/protocol/infer-request.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { unreadable } from '../unreadable.ts';
import { type AskedModel, sendTo } from './ask-model.ts';
import type { Reply } from './connection.ts';
import type { Context } from './context.ts';
import { predictionRows } from './infer-records.ts';
import { type Line, type Report, shortDigest, table } from './report.ts';
import { answerLines, readAnyAnswers } from './task-answer.ts';
import { UsageError } from './usage-error.ts';

/** Characters of one output's data that a person is shown. */
const mostShown = 400;

/**
 * @param file - reads standard input
 * @throws {PopserveError} for a file that cannot be read, and whatever the PoP says
 */
export async function inferRequest(
  context: Context,
  asked: AskedModel,
  { file, binary }: { readonly file: string; readonly binary: boolean },
): Promise<Report> {
  const { body: request, areRecords } = asRequest(await readInput(context, file));
  if (binary && areRecords) throw new UsageError(`--binary sends tensors, and ${file} has records`);
  const message = binary ? toBinary(request) : { headers: jsonHeaders, body: request };
  const reply = await sendTo(context, asked, message);
  const headerLength = reply.headers.get(headerLengthName);
  const text = headerLength === null ? new TextDecoder().decode(reply.body).trim() : null;
  const lines = text === null ? null : describePlain(text, reply);
  if (lines !== null) return { lines, value: null, json: () => text ?? '' };
  const response = decodeInferResponse({ body: reply.body, headerLength });
  return {
    lines: describeResponse(response, reply),
    value: null,
    // A JSON answer is passed on as it is, with all its digits.
    json: () => text ?? toJson(response),
  };
}

const jsonHeaders = { 'content-type': 'application/json' };

async function readInput({ host }: Context, file: string): Promise<Uint8Array<ArrayBuffer>> {
  if (file === '-') return new Uint8Array(await host.readStdin());
  try {
    return new Uint8Array(await readFile(file));
  } catch (error) {
    throw unreadable(file, error);
  }
}

/**
 * A request stays as it is, byte by byte. A record or a list of records becomes one: an object that has neither `inputs` nor
 * `instances` can be nothing else. A file that is no JSON is for the PoP to refuse.
 */
function asRequest(given: Uint8Array<ArrayBuffer>): { body: Uint8Array<ArrayBuffer>; areRecords: boolean } {
  const text = new TextDecoder().decode(given);
  const value = parseOrNull(text);
  const wrapped = (records: string) => new TextEncoder().encode(`{"instances":${records}}`);
  if (Array.isArray(value)) {
    const areRecords = value.length > 0 && value.every(isRecord);
    return { body: areRecords ? wrapped(text.trim()) : given, areRecords };
  }
  if (!isRecord(value)) return { body: given, areRecords: false };
  if ('instances' in value) return { body: given, areRecords: true };
  return 'inputs' in value
    ? { body: given, areRecords: false }
    : { body: wrapped(`[${text.trim()}]`), areRecords: true };
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same request with its tensors in the binary form. */
function toBinary(body: Uint8Array): EncodedMessage {
  const unlimited = Number.MAX_SAFE_INTEGER;
  const request = decodeInferRequest({
    body,
    headerLength: null,
    // Only a request without JSON would need the model's own.
    signature: { inputs: [], outputs: [] },
    limits: {
      ...decodeLimits,
      maxInputs: unlimited,
      maxElements: unlimited,
      maxJsonBytes: unlimited,
      maxRecords: unlimited,
    },
  });
  const outputs = request.outputs?.map(({ name, classification }) => ({
    name,
    ...(classification === undefined ? {} : { classification }),
  }));
  return encodeInferRequest(request.inputs, {
    parameters: request.parameters,
    binary: true,
    binaryOutputs: true,
    ...(request.id === undefined ? {} : { id: request.id }),
    ...(outputs === undefined ? {} : { outputs }),
  });
}

/** @returns null for an answer of tensors, and for one that is none */
function describePlain(text: string, reply: Reply): Line[] | null {
  const value = parseOrNull(text);
  const predictions = predictionsSchema.safeParse(value);
  if (predictions.success) {
    const { model_name: name, model_version: version, predictions: rows } = predictions.data;
    return [title(name, version, reply), ...table(predictionRows(rows))];
  }
  const answers = readAnyAnswers(value);
  if (answers === null) return null;
  const version = reply.headers.get('popserve-version') ?? undefined;
  return [
    title('answer', version, reply),
    ...answers.flatMap((answer, index) => [
      ...(answers.length === 1 ? [] : [`item ${index + 1}:`]),
      ...answerLines(answer),
    ]),
  ];
}

function toJson({ modelName, modelVersion, id, parameters, outputs }: DecodedInferResponse): string {
  const some = Object.keys(parameters).length > 0 ? { parameters } : {};
  const head = JSON.stringify({ model_name: modelName, model_version: modelVersion, id, ...some });
  return `${head.slice(0, -1)},"outputs":[${outputs.map((tensor) => encodeTensor(tensor, false, `output '${tensor.name}'`)).join(',')}]}`;
}

function describeResponse({ modelName, modelVersion, outputs }: DecodedInferResponse, reply: Reply): string[] {
  return [
    title(modelName, modelVersion, reply),
    ...outputs.map(
      (tensor) => `${tensor.name} ${tensor.datatype} [${tensor.shape.join(',')}]: ${describeData(tensor)}`,
    ),
  ];
}

function title(name: string, version: string | undefined, { headers }: Reply): string {
  const from = ['epoch', 'digest', 'pop'].flatMap((each) => {
    const text = headers.get(`popserve-${each}`);
    return text === null ? [] : [`${each} ${each === 'digest' ? shortDigest(text) : text}`];
  });
  const source = from.length === 0 ? '' : ` (${from.join(', ')})`;
  return `${[name, version].filter((part) => part !== undefined).join(' ')}${source}`;
}

/** The first of the data, as JSON. */
function describeData({ data, ...tensor }: Tensor): string {
  // No element's JSON is shorter than one character and a comma.
  const first = data.slice(0, mostShown * 8) as Tensor['data'];
  const text = dataAsJson({ ...tensor, data: first });
  return text.length <= mostShown ? text : `${text.slice(0, mostShown)} …`;
}

function dataAsJson(tensor: Tensor): string {
  try {
    return encodeJsonData(tensor, `output '${tensor.name}'`);
  } catch (error) {
    // BYTES need not be text.
    if (error instanceof PopserveError) return '(not text)';
    throw error;
  }
}
