// From a model file to what is published: read, examined in the WASM runtime, converted, checked, measured. Uploads nothing.

import { basename } from 'node:path';
import { batchOf } from '../../registry/batch.ts';
import { sha256Digest } from '../../registry/digests.ts';
import { type Manifest, manifestSchema, outputTolerance } from '../../registry/manifest.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import type { OutputRole } from '../../registry/output-role.ts';
import { parse } from '../../registry/parse.ts';
import type { Pipeline } from '../../registry/pipeline/pipeline.ts';
import type { Signature } from '../../registry/signature.ts';
import { readTokenizer } from '../../worker/pipeline/text/tokenizer.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { runtimeVersion } from '../build/derive-runtime.ts';
import { locateTool } from '../build/operator-tools.ts';
import { Inspector } from '../inspect/inspector.ts';
import { chooseArtifact } from '../publish/choose-artifact.ts';
import { distinctLabels } from '../publish/distinct-labels.ts';
import { chooseEngine } from '../publish/engine/choose-engine.ts';
import { describeLabels, graphLabels, labelNotes } from '../publish/graph-labels.ts';
import { assignLabels, type ReadLabels, readLabels } from '../publish/labels.ts';
import { limitInputs } from '../publish/limit-inputs.ts';
import { featureList, namedColumns, recordNames } from '../publish/name-columns.ts';
import { askNative, candidatesOf, checkNative, testAnswers } from '../publish/native-answers.ts';
import type { Progress, PublishedBlob } from '../publish/options.ts';
import { examineOriginal, type Original, type OriginalOptions } from '../publish/original.ts';
import { generatedTexts } from '../publish/pipeline/generated-texts.ts';
import { isTextTask, type PipelineOptions, taskOf } from '../publish/pipeline/options.ts';
import {
  type CompletedPipeline,
  completePipeline,
  type PlannedInput,
  planInput,
} from '../publish/pipeline/plan-pipeline.ts';
import { prepareTexts, type TextPreparation } from '../publish/pipeline/tokenised.ts';
import { type PreparationSettings, settingsOf } from '../publish/settings.ts';
import { readSource, type Source } from '../publish/source.ts';
import { tryZeroSizes } from '../publish/try-zero-sizes.ts';
import { makeWarmup } from '../publish/warmup.ts';
import { Taken } from '../taken.ts';
import { checkEarly } from './check-early.ts';
import { type GateData, inBatches, readGateData, sampleInputs } from './gate-data.ts';
import { makeGolden } from './make-golden.ts';
import type { ValidationOptions } from './options.ts';
import type { Publication, PublishOptions } from './publication.ts';
import { checkTruth } from './task.ts';
import type { DataOptions } from './test-data.ts';
import { validate } from './validate.ts';

type Label = string | number;

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
  // Before minutes are spent that a missing package would waste.
  locateTool('onnxruntime-node');
  const settings = settingsOf(options);
  const name = `'${options.file}'`;
  progress.step(`reading ${name}`);
  const labels = await readLabels(options.labels ?? []);
  const source = await readSource(options.file, settings.originalHeapMib * mebibyte, options.shapes);
  // A column of texts is no input of the graph: it is read once the tokenizer is known.
  const takesTexts = options.pipeline !== undefined && isTextTask(taskOf(options.pipeline));
  if (options.validation && source.onnx && !takesTexts) await checkEarly(options.validation, source.onnx.graph);
  if (inspector === undefined) progress.step('starting the WASM runtime to try it in');
  await using processes = new Taken();
  const started = async (bothEngines: boolean) => {
    const own = await Inspector.start({ heapLimitMib: settings.memoryBudgetMib, bothEngines });
    processes.defer(() => own.close());
    return own;
  };
  let both: Promise<Inspector> | undefined;
  const inspectors = {
    inspector: inspector ?? (await started(false)),
    // Most models never need it.
    bothEngines: () => {
      both ??= started(true);
      return both;
    },
  };
  return await prepareSource(source, labels, options, settings, progress, inspectors);
}

interface Inspectors {
  readonly inspector: Inspector;
  /** One that has LiteRT too, started when it is first asked for. */
  readonly bothEngines: () => Promise<Inspector>;
}

async function prepareSource(
  source: Source,
  labelFiles: readonly ReadLabels[],
  options: PublishOptions,
  settings: PreparationSettings,
  progress: Progress,
  { inspector, bothEngines }: Inspectors,
): Promise<Publication> {
  const notes: string[] = [];
  const note = (text: string) => {
    notes.push(text);
    progress.note(text);
  };
  labelNotes(source, labelFiles.length > 0).forEach(note);

  const planned = new PlanOnce(options.pipeline);
  const gateData =
    options.validation && readOnce(options.validation, (signature) => planned.preparation(signature), progress);
  progress.step('loading the original in the WASM runtime');
  const { heapLimitMib, timeoutMs } = { heapLimitMib: settings.originalHeapMib, timeoutMs: settings.timeoutMs };
  const original = await examineOriginal(inspector, source, {
    heapLimitMib,
    timeoutMs,
    inputsFile: options.inputsFile,
    maxDims: options.maxDims ?? [],
    tolerance: settings.tolerance,
    allowRandom: settings.allowRandom,
    step: (text) => progress.step(text),
    ...samplesOf(options.validation, gateData, planned),
  });
  const texts = planned.texts(original.signature);
  const givenLabels = assignLabels(labelFiles, original.signature, original.samples);
  if (original.samples.length === 0) noteUnchecked(original, note);
  if (original.optimization === 'disabled') note('the WASM runtime takes the original only without graph optimisation');

  original.notes.forEach(note);
  // Before minutes are spent on a model whose columns the names do not fit.
  const given = namedColumns(options.features ?? [], original.signature.inputs);
  const read = (await gateData?.(original.signature)) ?? null;
  const { columns, notes: columnNotes } = recordNames(
    given,
    [read?.test, read?.reference].filter((each) => each !== null && each !== undefined),
    original.signature,
  );
  columnNotes.forEach(note);
  const features = featureList(original.signature, columns);
  const data = read && inBatches(read, original.signature);
  const namedByGraph = graphLabels(source.roles, original.signature, original.samples);
  for (const [output, names] of Object.entries(namedByGraph)) {
    if (!(output in source.labels || output in givenLabels)) note(describeLabels(output, names));
  }
  const named = { ...namedByGraph, ...source.labels, ...givenLabels };
  const labels = Object.entries(named).map(([output, names]): [string, Label[]] => {
    const distinct = distinctLabels(output, names);
    if (distinct.note !== null) note(distinct.note);
    return [output, distinct.labels];
  });
  const roles = source.roles === null ? undefined : [...source.roles];
  // Before minutes are spent on a model whose classes the labels do not name.
  const pipeline = finishPipeline(options.pipeline, planned, original.signature, labels, roles);
  const ownLabels = pipeline === null ? null : folderLabels(pipeline.pipeline, labels);
  if (ownLabels !== null) labels.push(ownLabels);
  if (options.validation && data?.test && data.test.objects === undefined) {
    const named = { signature: original.signature, labels: Object.fromEntries(labels), roles };
    checkTruth(data.test.truth, named, options.validation);
  }
  const native = await askNative(source, original, data, settings, progress);
  const references = checkNative(source, original, native, settings, note);

  progress.step('checking the answers and measuring in the heap of an isolate');
  const chosen = await chooseArtifact(
    inspector,
    candidatesOf(source, native, settings),
    [...original.samples, ...original.samplesWithDefaults],
    { ...settings, isRandom: original.randomness !== null },
    note,
  );
  const engine = await chooseEngine(
    {
      ...{ source, original, references, chosen },
      classes: classOutputs(labels, roles),
      rows: await firstRows(data, original),
    },
    settings.engine,
    { inspector: bothEngines, settings, step: (text) => progress.step(text), note },
  );
  const { litert } = engine;
  const second = litert && { litert, inspector: bothEngines };
  const tolerance = (output: string) => outputTolerance(settings.tolerance, litert?.member, output);
  const warmup = await makeWarmup(inspector, chosen.artifact, chosen.optimization, original, settings, note);

  progress.step('finding out how large the inputs may be');
  const { limits, costs } = await limitInputs(inspector, chosen, original, settings, note);
  progress.step('trying inputs without elements');
  const zeroSizes = await tryZeroSizes(inspector, chosen, original, settings);

  const modelBlob = await blobOf(chosen.artifact.bytes);
  const validation =
    options.validation && data
      ? await validate(
          {
            version: options.version,
            signature: original.signature,
            labels: Object.fromEntries(labels),
            roles,
            ...{ chosen, second, tolerance },
            pipeline: pipeline?.pipeline ?? null,
            columns,
          },
          data,
          options.validation,
          { inspector, ...settings, step: (text) => progress.step(text), native: testAnswers(native, original) },
        )
      : null;
  validation?.notes.forEach(note);
  const predictions = validation?.judgement?.predictions;
  const judged = data?.test && predictions ? { test: data.test, predictions } : null;
  progress.step('making golden vectors');
  const goldenBytes = await makeGolden(
    inspector,
    {
      source,
      original,
      references,
      version: { chosen, signature: original.signature, second },
      tolerance,
      judged,
      pipeline: pipeline && { pipeline: pipeline.pipeline, tokenizer: texts?.tokenizer ?? null },
    },
    settings,
    note,
  );
  const golden = goldenBytes && (await blobOf(goldenBytes));
  const tokenizer = pipeline?.tokenizer && (await blobOf(pipeline.tokenizer));
  const tflite = litert && (await blobOf(litert.bytes));
  const manifest: Manifest = {
    schema: 1,
    model: options.model,
    version: options.version,
    artifacts: {
      model: { digest: modelBlob.digest, bytes: modelBlob.bytes.length, format: chosen.artifact.format },
      ...(golden ? { golden: { digest: golden.digest, bytes: golden.bytes.length } } : {}),
      ...(tokenizer ? { tokenizer: { digest: tokenizer.digest, bytes: tokenizer.bytes.length } } : {}),
      ...(tflite ? { tflite: { digest: tflite.digest, bytes: tflite.bytes.length } } : {}),
    },
    signature: original.signature,
    runtime: {
      onnxruntime: runtimeVersion,
      graphOptimization: chosen.optimization,
      profiles: chosen.profiles,
      ...(litert === null ? {} : { litert: litert.member }),
      ...(engine.refused === null ? {} : { litertRefused: engine.refused }),
    },
    warmup,
    tolerance: { ...settings.tolerance },
    source: { file: source.file, digest: source.digest, bytes: source.bytes },
    ...(features === undefined ? {} : { features }),
    ...(roles === undefined ? {} : { roles }),
    ...(labels.length > 0 ? { labels: Object.fromEntries(labels) } : {}),
    ...(limits.length > 0 ? { limits } : {}),
    ...(zeroSizes.length > 0 ? { zeroSizes } : {}),
    ...(original.randomness === null ? {} : { random: original.randomness }),
    ...(costs === null ? {} : { costs }),
    ...(pipeline === null ? {} : { pipeline: pipeline.pipeline }),
    ...(validation ? { baseline: validation.baseline } : {}),
    ...(validation?.judgement ? { evaluation: validation.judgement.evaluation } : {}),
    ...(options.metadata ? { metadata: { ...options.metadata } } : {}),
    ...(notes.length > 0 ? { notes } : {}),
  };
  const blobs = [modelBlob, golden, tokenizer, tflite].filter((blob) => blob !== null && blob !== undefined);
  const parsed = parse(manifestSchema, manifest, 'the manifest');
  return {
    ...{ manifest: parsed, blobs, notes },
    ...(pipeline === null ? {} : { pipelineSteps: pipeline.steps }),
    ...(validation ? { validation } : {}),
  };
}

/** Rows of test data on which both engines are compared. */
const mostRowsCompared = 64;

/** The first rows in runs as the first sample is one. */
async function firstRows(data: GateData | null, { samples, signature }: Original): Promise<(readonly Tensor[])[]> {
  const size = samples[0]?.inputs[0]?.shape[0] ?? 0;
  if (!data?.test || size === 0 || signature.inputs.some(({ name }) => !batchOf(signature).inputs.has(name))) return [];
  const { test } = data;
  const runs = Math.min(mostRowsCompared, Math.floor(test.reference.rows / size));
  return Promise.all(Array.from({ length: runs }, (_, run) => test.inputs(run * size, (run + 1) * size)));
}

/** Outputs whose last dimension has one score for each class. */
function classOutputs(
  labels: readonly (readonly [string, unknown])[],
  roles: readonly OutputRole[] | undefined,
): Set<string> {
  const scores = (roles ?? []).filter(({ columns }) => columns !== undefined).map(({ output }) => output);
  return new Set([...labels.map(([output]) => output), ...scores]);
}

/** The plan of a version's inputs, made once: a tokenizer of 250,000 tokens takes a second. */
class PlanOnce {
  readonly #options: PipelineOptions | undefined;
  #planned: PlannedInput | null | undefined;
  #texts: TextPreparation | undefined;

  constructor(options: PipelineOptions | undefined) {
    this.#options = options;
  }

  of(signature: Signature): PlannedInput | null {
    this.#planned ??= this.#options === undefined ? null : planInput(this.#options, signature);
    return this.#planned;
  }

  /** Null for a version that takes no texts. */
  texts(signature: Signature): TextPreparation | null {
    const planned = this.of(signature);
    if (planned === null || !('text' in planned)) return null;
    this.#texts ??= { input: planned.text, tokenizer: readTokenizer(planned.tokenizer.bytes) };
    return this.#texts;
  }

  preparation(signature: Signature): Pick<DataOptions, 'image' | 'texts' | 'detects'> {
    const planned = this.of(signature);
    const texts = this.texts(signature);
    if (texts !== null) return { texts };
    if (planned === null || !('image' in planned)) return {};
    return { image: planned.image, detects: planned.task === 'object-detection' };
  }
}

/** Rows of the data, else texts: numbers that are drawn would be no tokens of the vocabulary. */
function samplesOf(
  validation: ValidationOptions | undefined,
  gateData: ((signature: Signature) => Promise<GateData>) | undefined,
  planned: PlanOnce,
): Pick<OriginalOptions, 'sampleInputs' | 'samplesOf'> {
  if (gateData) {
    return {
      sampleInputs: async (signature) => sampleInputs(await gateData(signature), signature),
      ...(validation?.testData === undefined ? { samplesOf: 'the reference data' } : {}),
    };
  }
  return {
    sampleInputs: async (signature) => {
      const texts = planned.texts(signature);
      if (texts === null) return null;
      const [first = ''] = generatedTexts;
      return [[first], generatedTexts].map((each) => [...prepareTexts(each, texts).inputs]);
    },
    samplesOf: 'the generated texts',
  };
}

/** Test data is for the samples as well as for the gate. */
function readOnce(
  options: ValidationOptions,
  preparationOf: (signature: Signature) => Pick<DataOptions, 'image' | 'texts' | 'detects'>,
  progress: Progress,
): (signature: Signature) => Promise<GateData> {
  let read: Promise<GateData> | undefined;
  const files = [options.testData, options.reference].flatMap((each) =>
    each === undefined ? [] : [basename(each.path)],
  );
  return (signature) => {
    if (read === undefined) progress.step(`reading the rows of ${files.join(' and ')}`);
    read ??= readGateData(options, signature, preparationOf(signature));
    return read;
  };
}

function finishPipeline(
  options: PipelineOptions | undefined,
  plan: PlanOnce,
  signature: Signature,
  labels: readonly (readonly [string, readonly Label[]])[],
  roles: readonly OutputRole[] | undefined,
): (CompletedPipeline & { readonly tokenizer: Uint8Array<ArrayBuffer> | null }) | null {
  const planned = plan.of(signature);
  if (planned === null || options === undefined) return null;
  const completed = completePipeline(planned, options, { signature, roles, labels: Object.fromEntries(labels) });
  return { ...completed, tokenizer: 'text' in planned ? new Uint8Array(planned.tokenizer.bytes) : null };
}

/** The classes that a folder names are those of the output also where tensors are asked for, and for the truth of test data. */
function folderLabels(
  { after }: Pipeline,
  labels: readonly (readonly [string, readonly Label[]])[],
): [string, Label[]] | null {
  if (after.step !== 'classify' || labels.some(([output]) => output === after.output)) return null;
  return [after.output, [...after.labels]];
}

function noteUnchecked({ lastRefusal }: Original, note: (text: string) => void): void {
  note(
    `not checked: the model ran on none of the generated inputs; give it sample inputs with --inputs FILE (last refusal: ${lastRefusal ?? 'none'})`,
  );
}

async function blobOf(bytes: Uint8Array<ArrayBuffer>): Promise<PublishedBlob> {
  return { digest: await sha256Digest(bytes), bytes };
}
