// The release gate: runs a model on test data in the runtime and build that serve, scores it, takes its baseline, compares it
// with native onnxruntime and with the version that is served, and says what is not as required.

import { canonicalJson } from '../../registry/canonical-json.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { DataReference, Evaluation, EvaluationTask, Metrics } from '../../registry/evaluation.ts';
import { columnNames } from '../../registry/features.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { Pipeline } from '../../registry/pipeline/pipeline.ts';
import type { Signature } from '../../registry/signature.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { ChosenArtifact } from '../inspect/artifact.ts';
import type { OutputTolerance } from '../inspect/compare.ts';
import { InspectionError, type Inspector } from '../inspect/inspector.ts';
import { tidy, unprocessable } from '../inspect/refusal.ts';
import type { ColumnNames } from '../publish/name-columns.ts';
import { type Answer, answered, type Batch, batchesOf, batchSize, ownRows } from './answers.ts';
import type { GateData } from './gate-data.ts';
import { type Intervals, intervalsOf } from './intervals.ts';
import { judgeObjects } from './judge-objects.ts';
import type { TaskOptions } from './judged-outputs.ts';
import { disagreement } from './native-agreement.ts';
import type { Judged, Judgement, StableVersion, Validation, ValidationOptions } from './options.ts';
import { readData } from './read-data.ts';
import { ReferenceFeatures } from './reference-features.ts';
import { budgetTexts, checkMetrics, overBudget, unmet, unsure, worsened } from './requirement.ts';
import { rowDigests } from './row-digests.ts';
import { confusionOf, figuresOf, rounded } from './score.ts';
import { type Served, ServedModel } from './served-model.ts';
import { type Predictions, readPredictions } from './task.ts';
import type { DataOptions, TestData } from './test-data.ts';
import { claimWarnings, duplicateWarnings, predictionWarnings } from './warnings.ts';

/** The version under examination, as it would be served. */
export interface Candidate {
  readonly version: string;
  readonly signature: Signature;
  readonly labels: Manifest['labels'];
  readonly roles: Manifest['roles'];
  readonly chosen: ChosenArtifact;
  /** As `Served` has it. */
  readonly second: Served['second'];
  /** Of each output. */
  readonly tolerance: OutputTolerance;
  /** Null where the version takes tensors only. */
  readonly pipeline: Pipeline | null;
  /** As records have them. */
  readonly columns: ColumnNames;
}

export interface Surroundings {
  readonly inspector: Inspector;
  readonly memoryBudgetMib: number;
  readonly timeoutMs: number;
  readonly step: (text: string) => void;
  /** The original's answers to the batches of test data in native onnxruntime, or why there is no answer. */
  readonly native: readonly (readonly Tensor[])[] | { readonly fault: string };
}

/** Confusion matrices of more classes are not kept: they would fill the manifest. */
const mostClassesKept = 64;

/**
 * @throws PopserveError INVALID_ARGUMENT for data or required figures that do not fit the model, UNPROCESSABLE if the model does not run on it
 */
export async function validate(
  candidate: Candidate,
  data: GateData,
  options: ValidationOptions,
  surroundings: Surroundings,
): Promise<Validation> {
  const { signature, chosen, second } = candidate;
  const run = { chosen, signature, second };
  const { test, testBatches, reference } = data;
  const referred = reference ?? test;
  if (referred === null) throw new PopserveError('INVALID_ARGUMENT', 'expected test data or reference data');
  const named = { ...referred, names: new Map([...referred.names, ...candidate.columns]) };
  const features = new ReferenceFeatures(signature, named, candidate.pipeline);
  const testRows: string[] = [];
  const referenceRows = new Set<string>();
  const watch = (inputs: readonly Tensor[]) => {
    if (reference === null) features.add(inputs);
    else for (const digest of rowDigests(inputs)) testRows.push(digest);
  };
  const tested = test && { test, answers: await answersOf(run, test, testBatches, 'testing', surroundings, watch) };
  const answers = reference
    ? await answersOf(
        run,
        reference,
        batchesOf(reference, batchSize(signature)),
        'taking the baseline',
        surroundings,
        (inputs) => {
          features.add(inputs);
          for (const digest of test === null ? [] : rowDigests(inputs)) referenceRows.add(digest);
        },
      )
    : (tested?.answers ?? []);
  const seen = testRows.filter((digest) => referenceRows.has(digest)).length;
  const duplicates = duplicateWarnings(seen, testRows.length, reference?.reference.file ?? '');
  const judgement = tested && (await judge(candidate, options, { ...tested, duplicates }, surroundings));
  return {
    baseline: features.baseline(answers, judgement?.predictions ? judgement.evaluation.outputs.scores : undefined),
    judgement,
    notes: [...new Set([...(test?.notes ?? []), ...(reference?.notes ?? [])])],
  };
}

async function judge(
  candidate: Candidate,
  options: ValidationOptions,
  { test, answers, duplicates }: { test: TestData; answers: readonly Answer[]; duplicates: readonly string[] },
  surroundings: Surroundings,
): Promise<Judgement> {
  const scored = await scoreAnswers(answers, test, candidate, options);
  const { task, metrics, absent, intervals } = scored;
  checkMetrics(task, options.requirements, options.regressionLimits);
  const isStrict = options.isStrict === true;
  const warnings = [
    ...(scored.predictions === null ? [] : predictionWarnings(scored.predictions)),
    ...(isStrict ? [] : claimWarnings(options.requirements, metrics, intervals, test.reference.rows)),
    ...duplicates,
  ];
  const native = await judgeNative(candidate, options, { test, answers }, surroundings.native);
  const stable = await judgeStable(candidate, options, test, surroundings);
  const known = stable === null || 'fault' in stable ? null : stable;
  const notCompared = stable !== null && 'fault' in stable ? stable.fault : undefined;
  const failures = [
    ...unmet(options.requirements, metrics, absent),
    ...(isStrict ? unsure(options.requirements, metrics, intervals) : []),
    ...(known === null ? [] : worsened(options.regressionLimits, task, metrics, known)),
    ...(notCompared !== undefined && options.regressionLimits.length > 0 ? [notCompared] : []),
    ...overBudget(options.budgets, candidate.chosen.profiles),
    ...(native.difference === null
      ? []
      : [`different from native onnxruntime beyond the tolerance, ${native.difference}`]),
  ];
  const { forceReason } = options;
  const kept = failures.map((failure) => failure.replace(/^(over the budget of [^:]*):.*$/, '$1'));
  const evaluation: Evaluation = {
    data: test.reference,
    task,
    label: test.label,
    ...(test.preprocessing === undefined ? {} : { preprocessing: [...test.preprocessing] }),
    ...scored.described,
    metrics,
    ...(Object.keys(intervals).length > 0 ? { intervals } : {}),
    ...(Object.keys(absent).length > 0 ? { absent } : {}),
    ...(warnings.length > 0 ? { warnings } : {}),
    native: native.evaluation,
    gate: {
      ...(isStrict ? { strict: true as const } : {}),
      requirements: [
        ...options.requirements.map(({ text }) => text),
        ...options.regressionLimits.map(({ text }) => text),
        ...budgetTexts(options.budgets),
      ],
      ...(known === null ? {} : { stable: { version: known.version, metrics: known.metrics } }),
      ...(notCompared === undefined ? {} : { notCompared }),
      ...(forceReason === undefined || failures.length === 0
        ? {}
        : { forced: { reason: forceReason, failures: kept } }),
    },
  };
  return { evaluation, predictions: scored.predictions, stable: known, failures };
}

/** Answers held against the truth: classes and values, or boxes. */
interface Scored {
  readonly task: EvaluationTask;
  readonly metrics: Metrics;
  readonly absent: Readonly<Record<string, string>>;
  readonly intervals: Intervals;
  readonly described: Pick<Evaluation, 'outputs'> & Partial<Evaluation>;
  /** Null for boxes. */
  readonly predictions: Predictions | null;
}

async function scoreAnswers(
  answers: readonly Answer[],
  test: TestData,
  version: Parameters<typeof readPredictions>[2] & { readonly pipeline?: Manifest['pipeline'] | null },
  options: TaskOptions,
): Promise<Scored> {
  if (test.objects !== undefined) {
    const { metrics, absent, outputs, classes } = await judgeObjects(answers, test.objects, version.pipeline);
    const described = { outputs, classes: [...classes] };
    return { task: 'detection', metrics, absent, intervals: {}, described, predictions: null };
  }
  const predictions = readPredictions(answers, test.truth, version, options);
  const { figures, absent } = figuresOf(predictions);
  return {
    ...{ task: predictions.task, metrics: rounded(figures), absent, intervals: intervalsOf(predictions, figures) },
    described: { outputs: predictions.outputs, ...described(predictions) },
    predictions,
  };
}

function described(predictions: Predictions): Partial<Evaluation> {
  if (predictions.task === 'regression') return {};
  const { classes, positive, order } = predictions;
  return {
    classes: [...classes],
    ...(order === null || order === undefined ? {} : { order }),
    ...(positive === null ? {} : { positive: classes[positive] ?? '' }),
    ...(classes.length > mostClassesKept ? {} : { confusion: confusionOf(predictions).map((row) => [...row]) }),
  };
}

async function judgeNative(
  candidate: Candidate,
  options: ValidationOptions,
  { test, answers }: { test: TestData; answers: readonly Answer[] },
  native: Surroundings['native'],
): Promise<{ difference: string | null; evaluation: Evaluation['native'] }> {
  if ('fault' in native) return { difference: null, evaluation: null };
  const expected = answers.map((answer, index) => answered(answer, native[index] ?? []));
  const difference = disagreement(answers, expected, candidate.tolerance);
  const { metrics } = await scoreAnswers(expected, test, candidate, options);
  return { difference, evaluation: { rows: test.reference.rows, agrees: difference === null, metrics } };
}

/** Its own figures where they are on the same data, else it is run on it. */
async function judgeStable(
  { version }: Candidate,
  options: ValidationOptions,
  test: TestData,
  surroundings: Surroundings,
): Promise<Judged | { readonly fault: string } | null> {
  const { stable, testData } = options;
  if (stable === undefined || testData === undefined || stable.manifest.version === version) return null;
  const { manifest } = stable;
  const recorded = manifest.evaluation && isSameTruth(manifest.evaluation, test) ? manifest.evaluation : undefined;
  if (recorded !== undefined && !options.needsCurves) {
    return { version: manifest.version, metrics: recorded.metrics, predictions: null };
  }
  try {
    return await runStable(stable, options, surroundings);
  } catch (error) {
    if (!(error instanceof PopserveError)) throw error;
    if (recorded !== undefined) return { version: manifest.version, metrics: recorded.metrics, predictions: null };
    return { fault: `version ${manifest.version}, which is served, cannot be judged on this data: ${error.message}` };
  }
}

/** The same rows, read in the same way, with the truth in the same column. */
function isSameTruth({ data, label }: Evaluation, { reference, label: own }: TestData): boolean {
  const reading = (each: DataReference) => canonicalJson(each.reading ?? {});
  return data.digest === reference.digest && label === own && reading(data) === reading(reference);
}

async function runStable(
  stable: StableVersion,
  options: ValidationOptions,
  surroundings: Surroundings,
): Promise<Judged> {
  const { manifest } = stable;
  const { signature, artifacts, runtime } = manifest;
  if (options.testData === undefined) throw new PopserveError('INVALID_ARGUMENT', 'expected test data');
  // Images are prepared as this version wants them.
  const preprocessing = manifest.evaluation?.preprocessing;
  const test = await readData(
    {
      ...options.testData,
      ...(preprocessing === undefined ? {} : { preprocessing }),
      ...preparationOf(manifest),
      known: columnNames(signature, manifest.features),
    },
    signature,
    true,
  );
  const artifact = { bytes: new Uint8Array(await stable.readModel()), format: artifacts.model.format };
  const chosen = { artifact, optimization: runtime.graphOptimization, profiles: runtime.profiles };
  const run = { chosen, signature, second: null };
  const batches = batchesOf(test, batchSize(signature));
  const answers = await answersOf(
    run,
    test,
    batches,
    `testing version ${manifest.version}, which is served,`,
    surroundings,
  );
  const { metrics, predictions } = await scoreAnswers(answers, test, manifest, optionsOf(manifest, options));
  return { version: manifest.version, metrics, predictions };
}

/** A pipeline prepares pictures in the test as it does at a PoP. */
function preparationOf({ pipeline }: Manifest): Pick<DataOptions, 'image' | 'detects'> {
  if (pipeline === undefined || !('image' in pipeline)) return {};
  return { image: pipeline.image, detects: pipeline.task === 'object-detection' };
}

/** A version is judged by the outputs that it was judged by when it was published. */
function optionsOf({ signature, evaluation }: Manifest, { task, outputs, positive }: ValidationOptions): TaskOptions {
  const common = positive === undefined ? {} : { positive };
  if (evaluation !== undefined && evaluation.task !== 'detection') {
    const { label, scores, value } = evaluation.outputs;
    const named = [label, scores, value].filter((name) => name !== undefined);
    return { ...common, task: evaluation.task, outputs: named };
  }
  const named = (outputs ?? []).filter((name) => signature.outputs.some((output) => output.name === name));
  return { ...common, ...(task === undefined ? {} : { task }), ...(named.length > 0 ? { outputs: named } : {}) };
}

/**
 * As a point of presence would: with `fast` where it is offered, in LiteRT where that was chosen.
 * @param watch sees the inputs of each run, which are not kept
 */
async function answersOf(
  served: Served,
  { reference: { file, rows } }: TestData,
  batches: readonly Batch[],
  doing: string,
  { inspector, memoryBudgetMib: heapLimitMib, timeoutMs, step }: Surroundings,
  watch: (inputs: readonly Tensor[]) => void = () => {},
): Promise<Answer[]> {
  step(`${doing} on ${file}`);
  const profile = served.chosen.profiles.fast === undefined ? 'lean' : 'fast';
  const answers: Answer[] = [];
  try {
    const model = await ServedModel.load(inspector, served, profile, { heapLimitMib, timeoutMs });
    for (const batch of batches) {
      const inputs = await batch.readInputs();
      answers.push(answered(batch, await model.runRows(inputs)));
      watch(ownRows(batch, inputs));
      step(`${doing} on ${file}: ${batch.to} of ${rows} rows`);
    }
    return answers;
  } catch (error) {
    if (!(error instanceof InspectionError)) throw error;
    throw unprocessable(`the model does not run on ${file} (${doing}): ${tidy(error.message)}`, error);
  }
}
