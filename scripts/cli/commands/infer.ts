// `popserve infer`: one inference at a PoP, from a request in a file.

import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { PopserveError } from '../../../registry/errors.ts';
import { decodeInferRequest } from '../../../worker/protocol/decode-request.ts';
import { type DecodedInferResponse, decodeInferResponse } from '../../../worker/protocol/decode-response.ts';
import { encodeJsonData } from '../../../worker/protocol/encode-json-data.ts';
import { encodeInferRequest } from '../../../worker/protocol/encode-request.ts';
import { encodeTensor } from '../../../worker/protocol/encode-tensor.ts';
import { type EncodedMessage, headerLengthName } from '../../../worker/protocol/envelope.ts';
import { decodeLimits } from '../../../worker/protocol/infer-request.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import { parseEpoch, parseModel } from '../arguments.ts';
import { type Reply, urlPath } from '../connection.ts';
import type { Context, Execute } from '../context.ts';
import { inferPicture } from '../infer-picture.ts';
import { inferCsv, inferRecord } from '../infer-records.ts';
import { inferText } from '../infer-text.ts';
import { type Report, shortDigest } from '../report.ts';
import { UsageError } from '../usage-error.ts';

interface InferOptions {
  version?: string;
  input?: string;
  image?: string;
  draw?: string;
  text?: string;
  record?: string[];
  csv?: string;
  /** A request file, or true for the bare switch. */
  json?: string | true;
  binary?: boolean;
  minEpoch?: number;
}

/** Characters of one output's data that a person is shown. */
const mostShown = 400;

export function addInfer(program: Command, execute: Execute): void {
  program
    .command('infer')
    .description(
      'Ask a PoP: with a request of the Open Inference Protocol as JSON, a picture, a text, a record or a file of records',
    )
    .argument('<model>', 'name of the model', parseModel)
    .option('--input <file>', 'the request; - reads standard input')
    .option('--image <file>', 'a JPEG, PNG or WebP, for a version that takes pictures')
    .option('--draw <file>', 'with --image: a copy of the picture with the boxes on it, as PNG')
    .option('--text <text>', 'a text, for a version that takes texts')
    .option('--record <name=value...>', 'a plain record by the names of the features, for a version that takes records')
    .option('--csv <file>', 'a file of records: a column for each feature')
    .option('--json [file]', 'machine-readable output: the response; with a file, the request as well')
    .option('--version <version>', 'a version or an alias; default: what is served')
    .option('--binary', 'send the tensors and ask for the answer in the binary form')
    .option('--min-epoch <epoch>', 'only from a PoP that knows of this release', parseEpoch)
    .action((model: string, options: InferOptions) =>
      execute({ json: options.json !== undefined }, (context) => infer(context, model, options)),
    );
}

async function infer(context: Context, model: string, options: InferOptions): Promise<Report> {
  const { version, minEpoch, image, text, record, csv, draw } = options;
  const asked = { model, version, minEpoch };
  const sent = Object.entries({ '--image': image, '--text': text, '--record': record, '--csv': csv });
  const [first, second] = sent.flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (first !== undefined) requireAlone(first, second, options);
  if (image === undefined && draw !== undefined) throw new UsageError('--draw goes with --image');
  if (image !== undefined) return inferPicture(context, { ...asked, file: image, draw });
  if (text !== undefined) return inferText(context, asked, text);
  if (record !== undefined) return inferRecord(context, asked, record);
  if (csv !== undefined) return inferCsv(context, asked, csv);
  const request = await readRequest(context, options);
  const { headers, body } = options.binary ? toBinary(request) : { headers: jsonHeaders, body: request };
  const target = options.version === undefined ? '' : urlPath`/versions/${options.version}`;
  context.progress.step(`asking ${context.connection.settings.url}`);
  const reply = await context.connection.send({
    method: 'POST',
    path: `${urlPath`v2/models/${model}`}${target}/infer`,
    body,
    headers: {
      ...headers,
      ...(options.minEpoch === undefined ? {} : { 'popserve-min-epoch': String(options.minEpoch) }),
    },
    // A keyed server asks for it; an open one takes it as well.
    authorized: context.connection.settings.token !== null,
    repeat: 'always',
  });
  const headerLength = reply.headers.get(headerLengthName);
  const response = decodeInferResponse({ body: reply.body, headerLength });
  return {
    lines: describeResponse(response, reply),
    value: null,
    // A JSON answer is passed on as it is, with all its digits.
    json: () => (headerLength === null ? new TextDecoder().decode(reply.body).trim() : toJson(response)),
  };
}

const senders: Readonly<Record<string, string>> = {
  '--image': 'sends a picture as it is',
  '--text': 'sends a text as it is',
  '--record': 'makes the request itself',
  '--csv': 'makes the requests itself',
};

/** One question at a time. */
function requireAlone(first: string, second: string | undefined, { input, json, binary }: InferOptions): void {
  if (second !== undefined) throw new UsageError(`${first} does not go with ${second}: one question at a time`);
  if (input === undefined && typeof json !== 'string' && !binary) return;
  throw new UsageError(`${first} ${senders[first]}: --input, --json FILE and --binary do not go with it`);
}

const jsonHeaders = { 'content-type': 'application/json' };

async function readRequest({ host }: Context, { input, json }: InferOptions): Promise<Uint8Array<ArrayBuffer>> {
  const named = [input, json].filter((file) => typeof file === 'string');
  const [file] = named;
  if (file === undefined || named.length > 1) {
    throw new UsageError(
      `expected one request file, as --input FILE or --json FILE, or --image FILE, --text TEXT, --record NAME=VALUE or --csv FILE, got ${named.length}`,
    );
  }
  if (file === '-') return new Uint8Array(await host.readStdin());
  try {
    return new Uint8Array(await readFile(file));
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new PopserveError(
      'INVALID_ARGUMENT',
      `cannot read ${file}: ${missing ? 'there is no such file' : String(error)}`,
    );
  }
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

function toJson({ modelName, modelVersion, id, parameters, outputs }: DecodedInferResponse): string {
  const some = Object.keys(parameters).length > 0 ? { parameters } : {};
  const head = JSON.stringify({ model_name: modelName, model_version: modelVersion, id, ...some });
  return `${head.slice(0, -1)},"outputs":[${outputs.map((tensor) => encodeTensor(tensor, false, `output '${tensor.name}'`)).join(',')}]}`;
}

function describeResponse({ modelName, modelVersion, outputs }: DecodedInferResponse, { headers }: Reply): string[] {
  const from = ['epoch', 'digest', 'pop'].flatMap((name) => {
    const text = headers.get(`popserve-${name}`);
    return text === null ? [] : [`${name} ${name === 'digest' ? shortDigest(text) : text}`];
  });
  const source = from.length === 0 ? '' : ` (${from.join(', ')})`;
  return [
    `${[modelName, modelVersion].filter((part) => part !== undefined).join(' ')}${source}`,
    ...outputs.map(
      (tensor) => `${tensor.name} ${tensor.datatype} [${tensor.shape.join(',')}]: ${describeData(tensor)}`,
    ),
  ];
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
