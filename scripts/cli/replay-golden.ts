// Replays a version's golden vectors at a point of presence: does it answer there as it did when it was published?
import type { TaskAnswer } from '../../registry/api/task-answers.ts';
import { PopserveError } from '../../registry/errors.ts';
import { largest } from '../../registry/extremes.ts';
import { type Manifest, outputTolerance } from '../../registry/manifest.ts';
import type { Digest } from '../../registry/names.ts';
import { outputsRead } from '../../registry/pipeline/pipeline.ts';
import { taskAnswerFault } from '../../worker/pipeline/compare-answers.ts';
import { decodeInferResponse } from '../../worker/protocol/decode-response.ts';
import { encodeInferRequest } from '../../worker/protocol/encode-request.ts';
import { compareAnswers } from '../inspect/compare.ts';
import { elementsAt, type MadeInput, madeTensor } from '../publish/generated-golden.ts';
import { type Connection, type Reply, urlPath } from './connection.ts';
import type { RegistryClient } from './registry-client.ts';
import { readTaskAnswer } from './task-answer.ts';
import { Unreached, WrongScheme } from './unreached.ts';

/** A case as the registry keeps it; numbers as they are written, to be sent on with all their digits. */
interface TensorCase {
  readonly inputs: readonly (MadeInput | { readonly data: unknown })[];
  readonly outputs: readonly KeptOutput[];
}

/** An output, or some of its elements. */
interface KeptOutput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly at?: readonly number[];
}

/** A picture in base64, and what the version's pipeline answers. */
interface PictureCase {
  readonly picture: string;
  readonly answer: TaskAnswer;
}

/** The same of a text. */
interface TextCase {
  readonly text: string;
  readonly answer: TaskAnswer;
}

type GoldenCase = TensorCase | PictureCase | TextCase;

export interface Replay {
  readonly cases: number;
  /** Differences, one sentence part each. */
  readonly faults: readonly string[];
  /** The point of presence that answered last, as it calls itself. */
  readonly pop: string | null;
  /** Of a version that LiteRT runs: how many answers came from it. The others came from onnxruntime. */
  readonly litertAnswers?: number;
}

/** Where the vectors are sent: to the exact version, routed or not, or to what is served from an epoch on. */
export type ReplayTarget = 'version' | { readonly minEpoch: number };

/** @throws {PopserveError} UNPROCESSABLE if the version has no golden vectors */
export async function readGolden(registry: RegistryClient, manifest: Manifest): Promise<GoldenCase[]> {
  const { golden } = manifest.artifacts;
  if (golden === undefined) {
    const why = manifest.random
      ? 'it draws random numbers, so no two answers are the same'
      : 'publishing found no inputs that the model answers, or it was published by an earlier popserve; publish it again, with --inputs FILE if need be';
    throw new PopserveError('UNPROCESSABLE', `${manifest.model} ${manifest.version} has no golden vectors: ${why}`);
  }
  const text = new TextDecoder().decode(await registry.getBlob(golden.digest as Digest));
  return (JSON.parse(text, keepDigits as Parameters<typeof JSON.parse>[1]) as { cases: GoldenCase[] }).cases;
}

/**
 * Every fault is a finding, an error of the point of presence as well as another answer. Where nobody is reached the further cases
 * are not asked: each would wait as long.
 */
export async function replayGolden(
  connection: Connection,
  manifest: Manifest,
  cases: readonly GoldenCase[],
  target: ReplayTarget,
): Promise<Replay> {
  const faults: string[] = [];
  let pop: string | null = null;
  let litertAnswers = 0;
  const told = (found: readonly string[]): Replay => ({
    ...{ cases: cases.length, faults: found, pop },
    ...(manifest.runtime.litert === undefined ? {} : { litertAnswers }),
  });
  for (const [index, golden] of cases.entries()) {
    try {
      const reply = await ask(connection, manifest, questionOf(golden), target);
      pop = reply.headers.get('popserve-pop') ?? pop;
      if (reply.headers.get('popserve-engine') === 'litert') litertAnswers++;
      const fault = originFault(reply, manifest) ?? answerFault(golden, reply, manifest);
      if (fault !== null) faults.push(`case ${index + 1}: ${fault}`);
    } catch (error) {
      if (!(error instanceof PopserveError)) throw error;
      faults.push(`case ${index + 1}: ${error.message}`);
      if (!isAway(error)) continue;
      const left = cases.slice(index + 1).map((_, at) => `case ${index + at + 2}: not asked`);
      return told([...faults, ...left]);
    }
  }
  return told(faults);
}

/** Whether the next request would not arrive either. */
function isAway(error: PopserveError): boolean {
  return error instanceof WrongScheme || (error instanceof Unreached && (error.neverSent || error.slow));
}

interface AskedQuestion {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

function questionOf(golden: GoldenCase): AskedQuestion {
  const typed = (type: string, body: AskedQuestion['body']) => ({ headers: { 'content-type': type }, body });
  if ('text' in golden) return typed('text/plain; charset=utf-8', golden.text);
  if ('picture' in golden) return typed('image/png', new Uint8Array(Buffer.from(golden.picture, 'base64')));
  const made = golden.inputs.filter((input) => 'values' in input);
  if (made.length === 0) return typed('application/json', JSON.stringify({ inputs: golden.inputs }));
  // Large inputs travel as they are in memory, and so do large answers.
  return encodeInferRequest(made.map(madeTensor), { binary: true, binaryOutputs: true });
}

function ask(
  connection: Connection,
  { model, version }: Manifest,
  { headers, body }: AskedQuestion,
  target: ReplayTarget,
): Promise<Reply> {
  const path = target === 'version' ? urlPath`v2/models/${model}/versions/${version}` : urlPath`v2/models/${model}`;
  return connection.send({
    method: 'POST',
    path: `${path}/infer`,
    body,
    headers: {
      ...headers,
      ...(target === 'version' ? {} : { 'popserve-min-epoch': String(target.minEpoch) }),
    },
    // Where inference is keyed the operator's token opens it.
    authorized: connection.settings.token !== null,
    repeat: 'always',
  });
}

/** Whether another version or other bytes answered. */
function originFault({ headers }: Reply, manifest: Manifest): string | null {
  const version = headers.get('popserve-version');
  if (version !== manifest.version) return `version ${version} answered instead of ${manifest.version}`;
  const digest = headers.get('popserve-digest');
  return digest !== null && digest !== manifest.artifacts.model.digest ? `other bytes are served: ${digest}` : null;
}

function answerFault(golden: GoldenCase, { body, headers }: Reply, manifest: Manifest): string | null {
  if ('answer' in golden) return taskFault(golden.answer, body, manifest);
  const headerLength = headers.get('inference-header-content-length');
  const answered = decodeInferResponse({ body, headerLength }).outputs;
  const places = new Map(golden.outputs.map((output) => [output.name, output]));
  const kept = golden.outputs.map(({ at, ...output }) =>
    at === undefined ? output : { ...output, shape: [at.length] },
  );
  const expected = new TextEncoder().encode(JSON.stringify({ model_name: manifest.model, outputs: kept }));
  const wanted = decodeInferResponse({ body: expected, headerLength: null }).outputs;
  const got = answered.map((tensor) => {
    const { at, shape = [] } = places.get(tensor.name) ?? {};
    // Another shape is told as it is.
    return at === undefined || String(shape) !== String(tensor.shape) ? tensor : elementsAt(tensor, at);
  });
  return compareAnswers(wanted, got, (output) => toleranceOf(manifest, output));
}

function toleranceOf({ tolerance, runtime }: Manifest, output: string): Manifest['tolerance'] {
  return outputTolerance(tolerance, runtime.litert, output);
}

function taskFault(expected: TaskAnswer, body: Uint8Array, manifest: Manifest): string | null {
  const { pipeline } = manifest;
  if (pipeline === undefined) return 'the version has no pipeline that a picture or a text could be sent to';
  const got = readTaskAnswer(body, pipeline.task, 'the answer');
  const allowed = outputsRead(pipeline.after).map((output) => toleranceOf(manifest, output).absolute);
  const tolerance = { ...manifest.tolerance, absolute: largest(allowed, manifest.tolerance.absolute) };
  return taskAnswerFault(pipeline.after, expected, got, tolerance);
}

/** Integers beyond 2^53 pass through as they are written. */
function keepDigits(_key: string, value: unknown, context: { source?: string }): unknown {
  const isWide = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
  if (!isWide || context.source === undefined) return value;
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(context.source);
}
