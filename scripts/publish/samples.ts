// Sample inputs that a model is known to accept, with what the original answers to them in the WASM runtime.

import { readFile } from 'node:fs/promises';
import { PopserveError } from '../../registry/errors.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import { findPrototypeName, prototypeRefusal } from '../../registry/prototype-names.ts';
import { elementCount, type Signature } from '../../registry/signature.ts';
import { checkInputs } from '../../worker/protocol/check-inputs.ts';
import { decodeInferRequest } from '../../worker/protocol/decode-request.ts';
import { decodeLimits } from '../../worker/protocol/infer-request.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { InspectionError } from '../inspect/inspector.ts';
import { isSizeOverflow, tidy, unprocessable } from '../inspect/refusal.ts';
import type { WasmModel } from '../inspect/wasm-model.ts';
import { unreadable } from '../unreadable.ts';
import { plannedShape, type SizePlan, sizePlans, withBatch } from './sample-sizes.ts';
import { sampleTensor, type ValueStyle, valueStyles } from './sample-values.ts';
import { originalHeapFactor } from './settings.ts';
import type { ValueHint } from './value-hints.ts';

export interface Sample {
  readonly inputs: readonly Tensor[];
  /** Outputs of the original, in the WASM runtime. */
  readonly outputs: readonly Tensor[];
}

/** The part of the original that the search needs. */
export interface SampleTarget {
  readonly model: WasmModel;
  readonly signature: Signature;
  readonly hints: ReadonlyMap<string, ValueHint>;
  /** Sizes that the publisher allows at most. */
  readonly most: SizePlan;
  readonly timeoutMs: number;
}

export interface GeneratedSamples {
  readonly samples: readonly Sample[];
  /** The model's message to the last inputs that it refused. */
  readonly lastRefusal: string | null;
}

const maxAttempts = 250;
/** A second sample of twice the batch doubles the golden vectors: only for small inputs. */
const maxElementsToDouble = 16_384;
const requestLimits = { ...decodeLimits, maxElements: 64 * mebibyte };

/**
 * Runs the sample inputs that the user gave.
 * @throws PopserveError INVALID_ARGUMENT for inputs that are no request for this model; UNPROCESSABLE if the model refuses them
 */
export async function readSamples(file: string, target: SampleTarget): Promise<Sample[]> {
  const where = `sample inputs ${file}`;
  const requests = await readRequests(file);
  const inputs = requests.map((body, index) => readInputs(body, target.signature, `${where}, request ${index + 1}`));
  return runSamples(inputs, target, `${where}, request`);
}

/**
 * @param where what the inputs are, before their number
 * @throws PopserveError UNPROCESSABLE if the model refuses them
 */
export async function runSamples(
  given: readonly (readonly Tensor[])[],
  target: SampleTarget,
  where: string,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const [index, inputs] of given.entries()) {
    try {
      samples.push({ inputs, outputs: (await target.model.run(inputs)).outputs });
    } catch (error) {
      throw runRefusal(error, target.timeoutMs, `${where} ${index + 1}`);
    }
  }
  return samples;
}

/**
 * Looks for inputs that the model runs on: likely sizes and values first, the same ones on every machine.
 * @returns two samples of different values where possible; none if the model refused everything
 * @throws PopserveError UNPROCESSABLE if a run does not end in time, or if nothing but memory is in the way
 */
export async function generateSamples(target: SampleTarget): Promise<GeneratedSamples> {
  const { model, timeoutMs } = target;
  const { inputs } = model.session;
  const until = performance.now() + timeoutMs;
  let attempts = 0;
  let lastRefusal: string | null = null;
  let outOfMemory: string | null = null;
  let refusedOtherwise = false;
  for (const style of valueStyles) {
    for (const plan of sizePlans(inputs)) {
      if (++attempts > maxAttempts || performance.now() > until) break;
      const first = await attempt(target, plan, style, 1).catch((error: unknown) => {
        if (!(error instanceof InspectionError) || error.kind === 'timeout') throw runRefusal(error, timeoutMs);
        lastRefusal = tidy(error.message);
        if (error.kind === 'out-of-memory' || isSizeOverflow(error.message)) outOfMemory = lastRefusal;
        else refusedOtherwise = true;
        return null;
      });
      if (first) return { samples: [first, ...(await second(target, first, plan, style))], lastRefusal };
    }
  }
  if (outOfMemory !== null && !refusedOtherwise) throw memoryRefusal(outOfMemory);
  return { samples: [], lastRefusal };
}

/**
 * @param reason with the size that decides and its limit
 * @param of the file as it came, which may take more than the form that is served
 */
export function memoryRefusal(reason: string, of: 'the original' | 'what is served' = 'the original'): PopserveError {
  const isTooLargeToCount = isSizeOverflow(reason);
  const what = isTooLargeToCount ? 'a tensor is larger than 32 bits can count' : reason;
  const limit =
    of === 'the original' && !isTooLargeToCount
      ? ` (while it is checked, a file may take ${originalHeapFactor} times the memory budget of a PoP)`
      : '';
  return unprocessable(
    `the model needs more memory than an isolate has: ${what}${limit}; quantise it to int8, or choose a smaller model`,
  );
}

async function attempt(target: SampleTarget, plan: SizePlan, style: ValueStyle, seed: number): Promise<Sample> {
  const described = target.model.session.inputs;
  const inputs = target.signature.inputs.map(({ name, datatype }, index) => {
    const shape = plannedShape(described[index]?.shape ?? [], name, plan, target.most);
    return sampleTensor({ name, datatype, shape }, style, seed, target.hints.get(name));
  });
  return { inputs, outputs: (await target.model.run(inputs)).outputs };
}

/** Other values, in a batch of two if the model takes one. */
async function second(target: SampleTarget, first: Sample, plan: SizePlan, style: ValueStyle): Promise<Sample[]> {
  if (first.inputs.length === 0) return [];
  const elements = first.inputs.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const doubled = elements <= maxElementsToDouble ? withBatch(target.model.session.inputs, plan, 2) : null;
  for (const sizes of doubled ? [doubled, plan] : [plan]) {
    try {
      return [await attempt(target, sizes, style, 2)];
    } catch (error) {
      if (!(error instanceof InspectionError) || error.kind === 'timeout') throw runRefusal(error, target.timeoutMs);
    }
  }
  return [];
}

function runRefusal(error: unknown, timeoutMs: number, where = 'its sample input'): unknown {
  if (!(error instanceof InspectionError)) return error;
  if (error.kind === 'timeout') {
    return unprocessable(`the model did not finish one run on ${where} within ${timeoutMs / 1000} s`, error);
  }
  if (error.kind === 'out-of-memory') return memoryRefusal(tidy(error.message));
  return unprocessable(`the model does not run on ${where}: ${tidy(error.message)}`, error);
}

/** The requests of a file, each as JSON text of its own: an array is cut into its elements without changing a digit. */
async function readRequests(file: string): Promise<Uint8Array[]> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    throw unreadable(file, cause);
  }
  if (!text.trimStart().startsWith('[')) return [new TextEncoder().encode(text)];
  let requests: unknown;
  try {
    requests = JSON.parse(text, keepDigits as Parameters<typeof JSON.parse>[1]);
  } catch (cause) {
    throw new PopserveError('INVALID_ARGUMENT', `sample inputs ${file}: expected JSON (${String(cause)})`, { cause });
  }
  const inherited = findPrototypeName(text, requests);
  if (inherited !== null) {
    throw new PopserveError('INVALID_ARGUMENT', `sample inputs ${file}: '${inherited}' ${prototypeRefusal}`);
  }
  if (!Array.isArray(requests) || requests.length === 0) {
    throw new PopserveError('INVALID_ARGUMENT', `sample inputs ${file}: expected at least one inference request`);
  }
  return requests.map((request) => new TextEncoder().encode(JSON.stringify(request)));
}

/** Integers beyond 2^53 pass through as they are written. */
function keepDigits(_key: string, value: unknown, context: { source?: string }): unknown {
  const isWide = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
  return isWide && context.source !== undefined ? rawJson(context.source) : value;
}

function rawJson(source: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(source);
}

function readInputs(body: Uint8Array, signature: Signature, where: string): readonly Tensor[] {
  try {
    const request = decodeInferRequest({ body, headerLength: null, signature, limits: requestLimits });
    checkInputs(request, signature);
    return request.inputs;
  } catch (cause) {
    if (!(cause instanceof PopserveError)) throw cause;
    throw new PopserveError(cause.code, `${where}: ${cause.message}`, { cause });
  }
}
