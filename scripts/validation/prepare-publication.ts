// From a model file to what is published: read, examined in the WASM runtime, converted, checked, measured. Uploads nothing.

import { sha256Digest } from '../../registry/digests.ts';
import { type Manifest, manifestSchema } from '../../registry/manifest.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import type { OutputRole } from '../../registry/output-role.ts';
import { parse } from '../../registry/parse.ts';
import type { ImageInput } from '../../registry/pipeline/image-input.ts';
import type { Signature } from '../../registry/signature.ts';
import { runtimeVersion } from '../build/derive-runtime.ts';
import { locateTool } from '../build/operator-tools.ts';
import { Inspector } from '../inspect/inspector.ts';
import { chooseArtifact } from '../publish/choose-artifact.ts';
import { distinctLabels } from '../publish/distinct-labels.ts';
import { describeLabels, graphLabels, labelNotes } from '../publish/graph-labels.ts';
import { assignLabels, type ReadLabels, readLabels } from '../publish/labels.ts';
import { limitInputs } from '../publish/limit-inputs.ts';
import { askNative, candidatesOf, checkNative, testAnswers } from '../publish/native-answers.ts';
import type { Progress, PublishedBlob } from '../publish/options.ts';
import { examineOriginal, type Original } from '../publish/original.ts';
import type { PipelineOptions } from '../publish/pipeline/options.ts';
import { type CompletedPipeline, completePipeline, planImage } from '../publish/pipeline/plan-pipeline.ts';
import { type PreparationSettings, settingsOf } from '../publish/settings.ts';
import { readSource, type Source } from '../publish/source.ts';
import { tryZeroSizes } from '../publish/try-zero-sizes.ts';
import { makeWarmup } from '../publish/warmup.ts';
import { checkEarly } from './check-early.ts';
import { type GateData, inBatches, readGateData, sampleInputs } from './gate-data.ts';
import { makeGolden } from './make-golden.ts';
import type { ValidationOptions } from './options.ts';
import type { Publication, PublishOptions } from './publication.ts';
import { checkTruth } from './task.ts';
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
  if (options.validation && source.onnx) await checkEarly(options.validation, source.onnx.graph);
  const used = inspector ?? (await Inspector.start({ heapLimitMib: settings.memoryBudgetMib }));
  try {
    return await prepareSource(source, labels, options, settings, progress, used);
  } finally {
    if (used !== inspector) await used.close();
  }
}

async function prepareSource(
  source: Source,
  labelFiles: readonly ReadLabels[],
  options: PublishOptions,
  settings: PreparationSettings,
  progress: Progress,
  inspector: Inspector,
): Promise<Publication> {
  const notes: string[] = [];
  const note = (text: string) => {
    notes.push(text);
    progress.note(text);
  };
  labelNotes(source, labelFiles.length > 0).forEach(note);

  const planOf = (signature: Signature) => (options.pipeline ? planImage(options.pipeline, signature) : null);
  const gateData = options.validation && readOnce(options.validation, (signature) => planOf(signature)?.image ?? null);
  progress.step('loading the original in the WASM runtime');
  const { heapLimitMib, timeoutMs } = { heapLimitMib: settings.originalHeapMib, timeoutMs: settings.timeoutMs };
  const original = await examineOriginal(inspector, source, {
    heapLimitMib,
    timeoutMs,
    inputsFile: options.inputsFile,
    maxDims: options.maxDims ?? [],
    tolerance: settings.tolerance,
    allowRandom: settings.allowRandom,
    ...(gateData ? { sampleInputs: async (signature) => sampleInputs(await gateData(signature), signature) } : {}),
    ...(options.validation?.testData === undefined ? { samplesOf: 'the reference data' } : {}),
  });
  const givenLabels = assignLabels(labelFiles, original.signature, original.samples);
  if (original.samples.length === 0) noteUnchecked(original, note);
  if (original.optimization === 'disabled') note('the WASM runtime takes the original only without graph optimisation');

  original.notes.forEach(note);
  const read = (await gateData?.(original.signature)) ?? null;
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
  if (options.validation && data?.test) {
    const named = { signature: original.signature, labels: Object.fromEntries(labels), roles };
    checkTruth(data.test.truth, named, options.validation);
  }
  // Before minutes are spent on a model whose classes the labels do not name.
  const pipeline = finishPipeline(options.pipeline, original.signature, labels, roles);
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
  const warmup = await makeWarmup(inspector, chosen.artifact, chosen.optimization, original, settings, note);

  progress.step('finding out how large the inputs may be');
  const { limits, costs } = await limitInputs(inspector, chosen, original, settings, note);
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
            chosen,
            tolerance: settings.tolerance,
            pipeline: pipeline?.pipeline ?? null,
          },
          data,
          options.validation,
          { inspector, ...settings, step: (text) => progress.step(text), native: testAnswers(native, original) },
        )
      : null;
  validation?.notes.forEach(note);
  const predictions = validation?.judgement?.predictions;
  const judged = data?.test && predictions ? { test: data.test, predictions } : null;
  const goldenBytes = await makeGolden(
    inspector,
    { source, original, references, chosen, judged, pipeline: pipeline?.pipeline ?? null },
    settings,
    note,
  );
  const golden = goldenBytes && (await blobOf(goldenBytes));
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
      onnxruntime: runtimeVersion,
      graphOptimization: chosen.optimization,
      profiles: chosen.profiles,
    },
    warmup,
    tolerance: { ...settings.tolerance },
    source: { file: source.file, digest: source.digest, bytes: source.bytes },
    ...(options.features ? { features: [...options.features] } : {}),
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
  const blobs = golden ? [modelBlob, golden] : [modelBlob];
  const parsed = parse(manifestSchema, manifest, 'the manifest');
  return {
    ...{ manifest: parsed, blobs, notes },
    ...(pipeline === null ? {} : { pipelineSteps: pipeline.steps }),
    ...(validation ? { validation } : {}),
  };
}

/** Test data is for the samples as well as for the gate. */
function readOnce(
  options: ValidationOptions,
  imageOf: (signature: Signature) => ImageInput | null,
): (signature: Signature) => Promise<GateData> {
  let read: Promise<GateData> | undefined;
  return (signature) => {
    read ??= readGateData(options, signature, imageOf(signature));
    return read;
  };
}

function finishPipeline(
  options: PipelineOptions | undefined,
  signature: Signature,
  labels: readonly (readonly [string, readonly Label[]])[],
  roles: readonly OutputRole[] | undefined,
): CompletedPipeline | null {
  const planned = options && planImage(options, signature);
  if (!planned) return null;
  return completePipeline(planned, options, { signature, roles, labels: Object.fromEntries(labels) });
}

function noteUnchecked({ lastRefusal }: Original, note: (text: string) => void): void {
  note(
    `not checked: the model ran on none of the generated inputs; give it sample inputs with --inputs FILE (last refusal: ${lastRefusal ?? 'none'})`,
  );
}

async function blobOf(bytes: Uint8Array<ArrayBuffer>): Promise<PublishedBlob> {
  return { digest: await sha256Digest(bytes), bytes };
}
