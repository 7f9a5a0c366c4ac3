// Which engine runs a version: LiteRT where the model converts, answers the same and is enough faster, else onnxruntime alone.
import { PopserveError } from '../../../registry/errors.ts';
import { type Manifest, outputTolerance, type ProfileName } from '../../../registry/manifest.ts';
import { mebibyte } from '../../../registry/mebibytes.ts';
import type { Tolerance } from '../../../worker/protocol/compare-elements.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import { locateTool, operatorTools } from '../../build/operator-tools.ts';
import { convertGuarded, type GuardedConversion } from '../../convert-litert/convert-guarded.ts';
import type { ChosenArtifact } from '../../inspect/artifact.ts';
import { compareAnswers } from '../../inspect/compare.ts';
import { InspectionError, type Inspector } from '../../inspect/inspector.ts';
import { tidy, unprocessable } from '../../inspect/refusal.ts';
import { WasmModel } from '../../inspect/wasm-model.ts';
import type { Original } from '../original.ts';
import type { Sample } from '../samples.ts';
import type { EngineOption, PreparationSettings } from '../settings.ts';
import type { Source } from '../source.ts';
import { Agreement, steppedTolerances } from './agreement.ts';
import { hasConvolution, ineligible } from './eligible.ts';
import { type EngineModels, measureEngines } from './measure.ts';
import { randomInputs } from './random-inputs.ts';

type LitertMember = NonNullable<Manifest['runtime']['litert']>;

/** A version's second engine. */
export interface ChosenLitert {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly member: LitertMember;
}

interface EngineChoice {
  readonly litert: ChosenLitert | null;
  /** Why not, where it was considered; null where nobody asked and there was nothing to gain. */
  readonly refused: string | null;
}

interface EngineSubject {
  readonly source: Source;
  readonly original: Original;
  /** Answers of native onnxruntime to the samples, or null where there are none. */
  readonly references: readonly (readonly Tensor[])[] | null;
  readonly chosen: ChosenArtifact;
  /** Outputs whose largest value in the last dimension is a class. */
  readonly classes: ReadonlySet<string>;
  /** Inputs of test data: the first rows. */
  readonly rows: readonly (readonly Tensor[])[];
}

interface EngineSurroundings {
  /** Starts one of both engines at the first call. */
  readonly inspector: () => Promise<Inspector>;
  readonly settings: PreparationSettings;
  readonly step: (text: string) => void;
  readonly note: (text: string) => void;
}

/** LiteRT is taken from here: below, a second engine is not worth its room. */
const leastTimesFaster = 1.25;
/** Processor time of the call to the Worker that has LiteRT, which onnxruntime does without: docs/evidence/second-engine.md. */
const callMs = { always: 0.12, forMebibyte: 0.4 };
/** Random inputs on which both answer, at most, and how long that may go on. */
const random = { inputs: 300, ms: 3000 };

/** @throws PopserveError UNPROCESSABLE where LiteRT was asked for and cannot run the model, with the reason */
export async function chooseEngine(
  subject: EngineSubject,
  option: EngineOption,
  surroundings: EngineSurroundings,
): Promise<EngineChoice> {
  if (option === 'onnxruntime') return { litert: null, refused: null };
  if (option === 'auto' && !hasConvolution(subject.source)) return { litert: null, refused: null };
  const tried = await tryEngine(subject, option, surroundings);
  if ('member' in tried) return { litert: tried, refused: null };
  if (option === 'litert') {
    throw unprocessable(
      `LiteRT cannot run ${subject.source.file}: ${tried.refused}; without --engine litert it is published for onnxruntime`,
    );
  }
  return { litert: null, refused: tried.refused };
}

async function tryEngine(
  subject: EngineSubject,
  option: Exclude<EngineOption, 'onnxruntime'>,
  surroundings: EngineSurroundings,
): Promise<ChosenLitert | { readonly refused: string }> {
  const { source, original } = subject;
  const { settings, step, note } = surroundings;
  const reason = ineligible(source, original);
  if (reason !== null) return { refused: reason };
  if (option === 'auto') {
    const runMs = subject.chosen.profiles[bestProfile(subject.chosen)]?.runMs ?? 0;
    const costMs = callCostMs(original.samples[0]);
    // Nothing can save more than the whole run: most small nets end here, and pay nothing.
    if (runMs <= costMs) {
      return {
        refused: `a run takes ${spelled(runMs)} ms, and the call to LiteRT's Worker costs ${spelled(costMs)} ms`,
      };
    }
  }
  const missing = missingPackage();
  if (missing !== null) {
    if (option === 'litert') throw new PopserveError('INTERNAL', missing);
    note(`LiteRT, which may run convolutions faster, was not tried: ${missing}`);
    return { refused: 'the package @litertjs/core was not installed where it was published' };
  }
  step('converting it for LiteRT');
  const shapes = Object.fromEntries((original.samples[0]?.inputs ?? []).map(({ name, shape }) => [name, shape]));
  const limits = { timeoutMs: settings.timeoutMs, memoryMib: settings.memoryLimitMib };
  const converted = await convertGuarded(source.model, shapes, limits);
  if ('refused' in converted) return converted;
  try {
    return await tryConverted(subject, converted, option, surroundings);
  } catch (error) {
    // Whatever the converted model does to the process that runs it, onnxruntime serves the version as before.
    if (!(error instanceof InspectionError)) throw error;
    return { refused: `LiteRT does not run it: ${tidy(error.message)}` };
  }
}

async function tryConverted(
  subject: EngineSubject,
  { bytes, steps }: GuardedConversion,
  option: Exclude<EngineOption, 'onnxruntime'>,
  { inspector: start, settings, step }: EngineSurroundings,
): Promise<ChosenLitert | { readonly refused: string }> {
  const { original, chosen } = subject;
  const inspector = await start();
  const limits = { heapLimitMib: settings.memoryBudgetMib, timeoutMs: settings.timeoutMs };
  const { artifact, optimization } = chosen;
  const options = { format: artifact.format, profile: bestProfile(chosen), optimization } as const;
  const models: EngineModels = { onnxruntime: { bytes: artifact.bytes, options }, litert: bytes };
  const tolerance = steppedTolerances(steps, settings.tolerance);
  const trial: Trial = { subject, models, tolerance, base: settings.tolerance, inspector, limits };

  step('comparing the answers of LiteRT');
  const known = await answersDiffer(trial, knownInputs(subject), Number.POSITIVE_INFINITY);
  if (known !== null) return { refused: known };
  step('measuring LiteRT and onnxruntime');
  const [sample] = original.samples;
  const inputs = sample?.inputs ?? [];
  const measured = await measureEngines(inspector, models, inputs, limits, leastTimesFaster);
  const timesFaster = Number(measured.timesFaster.toPrecision(3));
  const slow = option === 'auto' ? tooSlow(timesFaster, measured.savedMs, sample) : null;
  if (slow !== null) return { refused: slow };
  step('comparing the answers of LiteRT to random inputs');
  const drawn = await answersDiffer(trial, randomInputs(knownInputs(subject)), random.inputs);
  if (drawn !== null) return { refused: drawn };
  const { heapBytes, createMs, runMs } = measured;
  const member: LitertMember = {
    version: operatorTools['@litertjs/core'],
    inputs: inputs.map(({ name, shape }) => ({ name, shape: [...shape] })),
    profile: { heapBytes, createMs, runMs },
    ...(Object.keys(tolerance).length === 0 ? {} : { tolerance }),
    timesFaster,
    chosen: option === 'litert' ? 'by-hand' : 'measured',
  };
  return { bytes, member };
}

/** @returns why LiteRT is not taken where nobody asks for it; null if it is */
function tooSlow(timesFaster: number, savedMs: number, sample: Sample | undefined): string | null {
  const speed = `${timesFaster} times as fast as onnxruntime`;
  if (timesFaster < leastTimesFaster) return `${speed}, and it is taken from ${leastTimesFaster}`;
  const costMs = callCostMs(sample);
  if (savedMs >= costMs) return null;
  return `${speed}, which saves ${spelled(savedMs)} ms of a run, and the call to its Worker costs ${spelled(costMs)} ms`;
}

function callCostMs(sample: Sample | undefined): number {
  const bytes = [...(sample?.inputs ?? []), ...(sample?.outputs ?? [])].reduce((sum, { data }) => sum + data.length, 0);
  return callMs.always + (callMs.forMebibyte * bytes) / mebibyte;
}

function spelled(ms: number): string {
  return String(Number(ms.toPrecision(2)));
}

interface Trial {
  readonly subject: EngineSubject;
  readonly models: EngineModels;
  readonly tolerance: Readonly<Record<string, number>>;
  readonly base: Tolerance;
  readonly inspector: Inspector;
  readonly limits: { readonly heapLimitMib: number; readonly timeoutMs: number };
}

/** Inputs with LiteRT's shapes that are not drawn: the samples first, which become golden vectors, then rows of test data. */
function knownInputs({ original, rows }: EngineSubject): (readonly Tensor[])[] {
  const [sample] = original.samples;
  const shapes = shapesOf(sample?.inputs ?? []);
  return [...original.samples.map(({ inputs }) => inputs), ...rows].filter((inputs) => shapesOf(inputs) === shapes);
}

function shapesOf(inputs: readonly Tensor[]): string {
  return JSON.stringify(inputs.map(({ name, shape }) => [name, shape]));
}

/** @returns by what the answers of LiteRT differ from onnxruntime's, or from those that golden vectors will have; null if by nothing */
async function answersDiffer(
  { subject, models, tolerance, base, inspector, limits }: Trial,
  inputs: Iterable<readonly Tensor[]>,
  most: number,
): Promise<string | null> {
  const { options, bytes } = models.onnxruntime;
  const allowed = (output: string) => outputTolerance(base, { tolerance }, output);
  const agreement = new Agreement(allowed, subject.classes);
  const first = await WasmModel.load(inspector, bytes, { ...options, ...limits });
  const second = await WasmModel.load(inspector, models.litert, { engine: 'litert', ...limits });
  const started = performance.now();
  let asked = 0;
  for (const each of inputs) {
    if (asked === most || (Number.isFinite(most) && performance.now() - started > random.ms)) break;
    asked++;
    const { outputs } = await second.run(each);
    const difference =
      agreement.add((await first.run(each)).outputs, outputs) ?? goldenFault(subject, each, outputs, allowed);
    if (difference !== null) return `its answers differ: ${difference}`;
  }
  const { otherClasses } = agreement;
  return otherClasses === null ? null : `its answers differ: ${otherClasses}`;
}

/** Golden vectors have native onnxruntime's answers where the WASM runtime agrees with them: a PoP is asked them in either engine. */
function goldenFault(
  { original, references }: EngineSubject,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  allowed: (output: string) => Tolerance,
): string | null {
  const index = original.samples.findIndex((sample) => sample.inputs === inputs);
  const [own, native] = [original.samples[index]?.outputs, references?.[index]];
  if (own === undefined || native === undefined || compareAnswers(native, own, allowed) !== null) return null;
  return compareAnswers(native, outputs, allowed);
}

/** The one that onnxruntime would serve best with. */
function bestProfile({ profiles }: ChosenArtifact): ProfileName {
  const { lean, fast } = profiles;
  return fast !== undefined && (lean === undefined || fast.runMs < lean.runMs) ? 'fast' : 'lean';
}

/** @returns what is missing and how it is installed; null where it is there */
function missingPackage(): string | null {
  try {
    locateTool('@litertjs/core', 'package.json');
    return null;
  } catch (error) {
    if (error instanceof PopserveError) return error.message;
    throw error;
  }
}
