// From a model file to what is published: read, examined in the WASM runtime, converted, checked, measured. Uploads nothing.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultLimits } from '../../registry/default-limits.ts';
import { sha256Digest } from '../../registry/digests.ts';
import type { InputLimit } from '../../registry/input-limits.ts';
import { type Manifest, manifestSchema } from '../../registry/manifest.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import { parse } from '../../registry/parse.ts';
import type { Signature } from '../../registry/signature.ts';
import type { Tolerance } from '../../worker/protocol/compare-elements.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { projectRoot } from '../build/project.ts';
import { compareAnswers } from '../inspect/compare.ts';
import { InspectionError, Inspector } from '../inspect/inspector.ts';
import { type NativeAnswers, runNative } from '../inspect/native.ts';
import { tidy, unprocessable } from '../inspect/refusal.ts';
import { WasmModel } from '../inspect/wasm-model.ts';
import type { Artifact } from '../publish/artifact-check.ts';
import { type ChosenArtifact, chooseArtifact } from '../publish/choose-artifact.ts';
import { defaultMost, describeLimits, inputLimits } from '../publish/derive-limits.ts';
import { distinctLabels } from '../publish/distinct-labels.ts';
import { encodeGolden, type GoldenCase } from '../publish/golden.ts';
import { assignLabels, type ReadLabels, readLabels } from '../publish/labels.ts';
import type { Progress, PublishedBlob } from '../publish/options.ts';
import { examineOriginal, type Original } from '../publish/original.ts';
import { type ProbedSizes, probeSizes, sizesOfSamples } from '../publish/probe-sizes.ts';
import { readSource, type Source } from '../publish/source.ts';
import { planWarmup } from '../publish/warmup.ts';
import { type GateData, readGateData, sampleInputs } from './gate-data.ts';
import { goldenCases } from './golden-cases.ts';
import type { ValidationOptions } from './options.ts';
import type { Publication, PublishOptions } from './publication.ts';
import { checkTruth } from './task.ts';
import { validate } from './validate.ts';

/** An .onnx takes about four times its weights in the WASM heap; what needs more than this never fits once converted. */
const originalHeapFactor = 5;
const defaultTolerance: Tolerance = { absolute: 1e-3, relative: 1e-3 };

type Label = string | number;

interface Settings {
  readonly memoryBudgetMib: number;
  readonly originalHeapMib: number;
  readonly timeoutMs: number;
  readonly memoryLimitMib: number;
  readonly tolerance: Tolerance;
  readonly format: 'auto' | 'onnx' | 'ort';
  readonly probeLimitMs: number;
}

/**
 * @example
 * const { manifest, blobs } = await preparePublication({ file: 'model.onnx', model: 'pump', version: '1' }, progress);
 *
 * @param inspector a running one to work with, left running; without it one is started and closed
 * @throws PopserveError UNPROCESSABLE with the reason for a model that cannot be served, INVALID_ARGUMENT for files that cannot be read
 */
export async function preparePublication(
  options: PublishOptions,
  progress: Progress,
  inspector?: Inspector,
): Promise<Publication> {
  const settings = settingsOf(options);
  const name = `'${options.file}'`;
  progress.step(`reading ${name}`);
  const labels = await readLabels(options.labels ?? []);
  const source = await readSource(options.file, settings.originalHeapMib * mebibyte);
  const used = inspector ?? (await Inspector.start({ heapLimitMib: settings.memoryBudgetMib }));
  try {
    return await publishSource(source, labels, options, settings, progress, used);
  } finally {
    if (used !== inspector) await used.close();
  }
}

async function publishSource(
  source: Source,
  labelFiles: readonly ReadLabels[],
  options: PublishOptions,
  settings: Settings,
  progress: Progress,
  inspector: Inspector,
): Promise<Publication> {
  const notes: string[] = [];
  const note = (text: string) => {
    notes.push(text);
    progress.note(text);
  };
  noteLabels(source, note);

  const gateData = options.validation && readOnce(options.validation);
  progress.step('loading the original in the WASM runtime');
  const { heapLimitMib, timeoutMs } = { heapLimitMib: settings.originalHeapMib, timeoutMs: settings.timeoutMs };
  const original = await examineOriginal(inspector, source, {
    heapLimitMib,
    timeoutMs,
    inputsFile: options.inputsFile,
    maxDims: options.maxDims ?? [],
    ...(gateData ? { sampleInputs: async (signature) => sampleInputs(await gateData(signature), signature) } : {}),
  });
  const givenLabels = assignLabels(labelFiles, original.signature, original.samples);
  if (original.samples.length === 0) noteUnchecked(original, note);
  if (original.optimization === 'disabled') note('the WASM runtime takes the original only without graph optimisation');

  const data = (await gateData?.(original.signature)) ?? null;
  const labels = Object.entries({ ...source.labels, ...givenLabels }).map(([output, names]): [string, Label[]] => {
    const distinct = distinctLabels(output, names);
    if (distinct.note !== null) note(distinct.note);
    return [output, distinct.labels];
  });
  if (options.validation && data?.test) {
    const named = { signature: original.signature, labels: Object.fromEntries(labels) };
    checkTruth(data.test.truth, named, options.validation);
  }
  const native = await askNative(source, original, data, settings, progress);
  const references = checkNative(source, original, native, settings, note);

  progress.step('checking the answers and measuring in the heap of an isolate');
  const chosen = await chooseArtifact(
    inspector,
    candidatesOf(source, native, settings),
    original.samples,
    settings,
    note,
  );
  const warmup = await makeWarmup(inspector, chosen.artifact, chosen.optimization, original, settings, note);

  progress.step('finding out how large the inputs may be');
  const limits = await limitInputs(inspector, chosen, original, settings, note);

  const modelBlob = await blobOf(chosen.artifact.bytes);
  const validation =
    options.validation && data
      ? await validate(
          {
            version: options.version,
            signature: original.signature,
            labels: Object.fromEntries(labels),
            chosen,
            tolerance: settings.tolerance,
          },
          data,
          options.validation,
          { inspector, ...settings, step: (text) => progress.step(text), native: testAnswers(native, original) },
        )
      : null;
  validation?.notes.forEach(note);
  const predictions = validation?.judgement?.predictions;
  const judged = data?.test && predictions ? { test: data.test, predictions } : null;
  const golden = await makeGolden(
    references === null ? null : await goldenCases(source, original, references, judged, settings),
    note,
  );
  const manifest: Manifest = {
    schema: 1,
    model: options.model,
    version: options.version,
    artifacts: {
      model: { digest: modelBlob.digest, bytes: modelBlob.bytes.length, format: chosen.artifact.format },
      ...(golden ? { golden: { digest: golden.digest, bytes: golden.bytes.length } } : {}),
    },
    signature: original.signature,
    runtime: {
      onnxruntime: await onnxruntimeVersion(),
      graphOptimization: chosen.optimization,
      profiles: chosen.profiles,
    },
    warmup,
    tolerance: { ...settings.tolerance },
    source: { file: source.file, digest: source.digest, bytes: source.bytes },
    ...(options.features ? { features: [...options.features] } : {}),
    ...(labels.length > 0 ? { labels: Object.fromEntries(labels) } : {}),
    ...(limits.length > 0 ? { limits } : {}),
    ...(validation ? { baseline: validation.baseline } : {}),
    ...(validation?.judgement ? { evaluation: validation.judgement.evaluation } : {}),
    ...(options.metadata ? { metadata: { ...options.metadata } } : {}),
    ...(notes.length > 0 ? { notes } : {}),
  };
  const blobs = golden ? [modelBlob, golden] : [modelBlob];
  const parsed = parse(manifestSchema, manifest, 'the manifest');
  return { manifest: parsed, blobs, notes, ...(validation ? { validation } : {}) };
}

/** Test data is for the samples as well as for the gate. */
function readOnce(options: ValidationOptions): (signature: Signature) => Promise<GateData> {
  let read: Promise<GateData> | undefined;
  return (signature) => {
    read ??= readGateData(options, signature);
    return read;
  };
}

/** Native answers to the test data: they come after those to the samples. */
function testAnswers(native: NativeAnswers | null, { samples }: Original): NativeAnswers['references'] {
  if (native === null) return { fault: 'it was not asked' };
  return 'fault' in native.references ? native.references : native.references.slice(samples.length);
}

function settingsOf(options: PublishOptions): Settings {
  const memoryBudgetMib = options.memoryBudgetMib ?? defaultLimits.memoryBudgetMib;
  return {
    memoryBudgetMib,
    originalHeapMib: memoryBudgetMib * originalHeapFactor,
    timeoutMs: (options.timeoutSeconds ?? 60) * 1000,
    memoryLimitMib: options.memoryLimitMib ?? 3072,
    tolerance: options.tolerance ?? defaultTolerance,
    format: options.format ?? 'auto',
    probeLimitMs: options.probeLimitMs ?? 2000,
  };
}

function noteLabels(source: Source, note: (text: string) => void): void {
  for (const [output, labels] of Object.entries(source.labels)) {
    note(
      `the ZipMap behind output '${output}' was removed: it is now the tensor of probabilities, its ${labels.length} class labels are in the manifest`,
    );
  }
}

function noteUnchecked({ lastRefusal }: Original, note: (text: string) => void): void {
  note(
    `not checked: the model ran on none of the generated inputs; give it sample inputs with --inputs FILE (last refusal: ${lastRefusal ?? 'none'})`,
  );
}

/** Converts only what can be checked afterwards. */
async function askNative(
  source: Source,
  { samples }: Original,
  data: GateData | null,
  settings: Settings,
  progress: Progress,
): Promise<NativeAnswers | null> {
  if (samples.length === 0) return null;
  const convert = source.format === 'onnx' && settings.format !== 'onnx';
  progress.step(convert ? 'converting to ORT format, running natively' : 'running natively');
  return runNative({
    model: source.model,
    format: source.format,
    convert,
    samples: [
      ...samples.map(
        ({ inputs }) =>
          async () =>
            inputs,
      ),
      ...(data?.testBatches ?? []).map(({ readInputs }) => readInputs),
    ],
    limits: { timeoutMs: settings.timeoutMs, memoryMib: settings.memoryLimitMib },
  });
}

/** @returns the native answers, or null where there are none; notes where the WASM runtime's differ from them */
function checkNative(
  source: Source,
  { samples }: Original,
  native: NativeAnswers | null,
  settings: Settings,
  note: (text: string) => void,
): readonly (readonly Tensor[])[] | null {
  const isConverted = native !== null && native.converted instanceof Uint8Array;
  if (settings.format === 'ort' && source.format === 'onnx' && !isConverted) {
    const reason = native && 'fault' in native.converted ? native.converted.fault : 'no sample inputs to check it with';
    throw unprocessable(`${source.file} cannot be converted to ORT format: ${reason}`);
  }
  if (native === null) return null;
  if (source.format === 'onnx' && settings.format === 'auto' && 'fault' in native.converted) {
    note(`published as .onnx: conversion to ORT format failed (${native.converted.fault})`);
  }
  const { references } = native;
  if ('fault' in references) {
    note(`not compared with native onnxruntime, which gave no answer (${references.fault})`);
    return null;
  }
  for (const [index, { outputs }] of samples.entries()) {
    const difference = compareAnswers(references[index] ?? [], outputs, settings.tolerance);
    if (difference === null) continue;
    note(`the WASM runtime's answers differ from native onnxruntime's beyond the tolerance: ${difference}`);
    break;
  }
  return references;
}

function candidatesOf(source: Source, native: NativeAnswers | null, { format }: Settings): Artifact[] {
  const original: Artifact = { format: source.format, bytes: source.model };
  const converted = native?.converted;
  if (!(converted instanceof Uint8Array)) return [original];
  const candidate: Artifact = { format: 'ort', bytes: converted };
  return format === 'ort' ? [candidate] : [candidate, original];
}

async function makeWarmup(
  inspector: Inspector,
  artifact: Artifact,
  optimization: Manifest['runtime']['graphOptimization'],
  { samples }: Original,
  settings: Settings,
  note: (text: string) => void,
): Promise<Manifest['warmup']> {
  const [sample] = samples;
  if (!sample) return null;
  const plan = planWarmup(sample.inputs);
  if (!plan.hasZeros) return plan.warmup;
  const { memoryBudgetMib: heapLimitMib, timeoutMs } = settings;
  try {
    const options = { format: artifact.format, profile: 'lean', optimization, heapLimitMib, timeoutMs } as const;
    await (await WasmModel.load(inspector, artifact.bytes, options)).run(plan.tensors);
    return plan.warmup;
  } catch {
    note('no warm-up: the sample inputs are too large for the manifest, and the model does not run on zeros');
    return null;
  }
}

/** Nothing that a large input does is a reason not to publish. */
async function limitInputs(
  inspector: Inspector,
  { artifact, optimization, profiles }: ChosenArtifact,
  { signature, dimensions, given, samples }: Original,
  settings: Settings,
  note: (text: string) => void,
): Promise<InputLimit[]> {
  const { memoryBudgetMib, timeoutMs, probeLimitMs } = settings;
  const most = new Map(dimensions.map(({ key }) => [key, given.get(key) ?? defaultMost]));
  let probed: ProbedSizes = { seen: sizesOfSamples(samples), obstacles: new Map() };
  if (samples.length > 0 && dimensions.length > 0 && probeLimitMs > 0) {
    try {
      const model = await WasmModel.load(inspector, artifact.bytes, {
        format: artifact.format,
        profile: profiles.fast ? 'fast' : 'lean',
        optimization,
        heapLimitMib: memoryBudgetMib,
        timeoutMs,
      });
      probed = await probeSizes(model, samples, dimensions, most, { runMs: probeLimitMs, memoryBudgetMib });
    } catch (error) {
      if (!(error instanceof InspectionError)) throw error;
      note(`how large the inputs may be was not found out: ${tidy(error.message)}`);
    }
  }
  const limits = inputLimits(signature, dimensions, given, samples[0]?.inputs ?? [], probed);
  const described = describeLimits(limits, signature, dimensions, given, probed, probeLimitMs);
  if (described !== null) note(described);
  return limits;
}

async function makeGolden(
  cases: readonly GoldenCase[] | null,
  note: (text: string) => void,
): Promise<PublishedBlob | null> {
  if (cases === null) return null;
  const golden = encodeGolden(cases);
  if (golden === null) {
    note('no golden vectors: the sample inputs and outputs take more than 256 KiB as JSON, or are no text');
    return null;
  }
  return blobOf(golden.bytes);
}

async function blobOf(bytes: Uint8Array<ArrayBuffer>): Promise<PublishedBlob> {
  return { digest: await sha256Digest(bytes), bytes };
}

/** Of onnxruntime-web, which serves; onnxruntime-node is the same release. */
async function onnxruntimeVersion(): Promise<string> {
  const file = join(projectRoot, 'node_modules', 'onnxruntime-web', 'package.json');
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version;
}
