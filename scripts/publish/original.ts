// The model as it was given, in the WASM runtime: does it load at all, what goes in and out, and what does it answer to sample inputs.
// It has more room than in an isolate, because an .onnx takes several times what its converted form takes.
import type { Randomness } from '../../registry/randomness.ts';
import type { Signature } from '../../registry/signature.ts';
import type { Tolerance } from '../../worker/protocol/compare-elements.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { Optimization } from '../inspect/artifact.ts';
import { InspectionError, type Inspector } from '../inspect/inspector.ts';
import { isSizeOverflow, tidy, unprocessable } from '../inspect/refusal.ts';
import { signatureOf, WasmModel } from '../inspect/wasm-model.ts';
import type { OnnxModel } from '../onnx/model-file.ts';
import { quantisesAtRunTime, valueShapedOutputs } from '../onnx/value-shaped.ts';
import { findBatch } from './batch-axis.ts';
import { findDefaultInputs } from './default-inputs.ts';
import { describeRandomness, findRandomness, requireAllowed } from './find-randomness.ts';
import { checkSamples, resolveMaxDims } from './max-dim.ts';
import type { MaxDim } from './options.ts';
import { knownOutputs } from './output-ranks.ts';
import { type SizePlan, type VariableDimension, variableDimensions } from './sample-sizes.ts';
import { generateSamples, memoryRefusal, readSamples, runSamples, type Sample, type SampleTarget } from './samples.ts';
import type { Source } from './source.ts';
import { valueHints } from './value-hints.ts';

export interface OriginalOptions {
  readonly heapLimitMib: number;
  readonly timeoutMs: number;
  readonly inputsFile: string | undefined;
  readonly maxDims: readonly MaxDim[];
  /** Whether a model may give other answers to the same question; default: it is refused. */
  readonly allowRandom?: boolean;
  /** Allowed difference between the answers to a record alone and among others. */
  readonly tolerance: Tolerance;
  /** Inputs that the caller has for a model of this signature; null: none, so that they are generated. */
  readonly sampleInputs?: (signature: Signature) => Promise<readonly (readonly Tensor[])[] | null>;
  /** Their source, for messages; default: the test data. */
  readonly samplesOf?: string;
  /** Told what is done once the model is loaded. */
  readonly step?: (text: string) => void;
}

export interface Original {
  readonly signature: Signature;
  readonly dimensions: readonly VariableDimension[];
  /** Sizes of dimensions that the publisher allows, by their key. */
  readonly given: SizePlan;
  /** The level at which the runtime takes the file. */
  readonly optimization: Optimization;
  /** Empty if no inputs were given and none of the generated ones was taken. */
  readonly samples: readonly Sample[];
  /** Samples that give the inputs with a default too. Native onnxruntime cannot be asked them. */
  readonly samplesWithDefaults: readonly Sample[];
  /** Null for a model that gives the same answer to the same question. */
  readonly randomness: Randomness | null;
  /** Whether the publisher gave them, with --inputs. */
  readonly areGiven: boolean;
  /** The model's message to the last of the generated inputs that it refused. */
  readonly lastRefusal: string | null;
  /** Findings about inputs and outputs, one sentence each. */
  readonly notes: readonly string[];
}

/** @throws PopserveError UNPROCESSABLE for a model that cannot be served */
export async function examineOriginal(
  inspector: Inspector,
  source: Source,
  options: OriginalOptions,
): Promise<Original> {
  const { model, optimization } = await load(inspector, source, options);
  const required = signatureOf(model.session);
  if (required.outputs.length === 0) throw unprocessable(`${source.file} has no outputs: there is nothing to serve`);

  const hints = source.onnx ? valueHints(source.onnx.graph) : new Map();
  const dimensions = variableDimensions(model.session.inputs);
  const given = resolveMaxDims(options.maxDims, dimensions);
  const target = { model, signature: required, hints, most: given, timeoutMs: options.timeoutMs };
  options.step?.('trying sample inputs on it');
  const sampled = await sample(target, dimensions, given, options);
  options.step?.('finding out how it takes several records, and whether it draws random numbers');
  const randomness = await findRandomness(source.onnx, model, sampled.samples);
  requireAllowed(source.file, randomness, options.allowRandom ?? false);
  const { outputs, notes } = knownOutputs(source.onnx, model.session.outputs, sampled.samples);
  const session = { ...model.session, outputs };
  const defaults = await findDefaultInputs(source.onnx, model, sampled.samples);
  const found = await findBatch({
    // Random answers do not show whose row is whose: only the names of the dimensions do.
    ...{ model, session, samples: randomness === null ? sampled.samples : [], tolerance: options.tolerance },
    valueShaped: source.onnx && valueShapedOutputs(source.onnx.graph, functionsOf(source.onnx)),
    quantisesTogether: source.onnx !== null && quantisesAtRunTime(source.onnx.graph),
  });
  const signature: Signature = {
    ...signatureOf(session),
    ...(defaults.specs.length === 0 ? {} : { optionalInputs: [...defaults.specs] }),
    batch: found.batch,
  };
  return {
    ...{ signature, optimization, dimensions, given, ...sampled },
    samplesWithDefaults: defaults.samples,
    randomness,
    notes: [
      ...(randomness === null ? [] : [describeRandomness(randomness)]),
      ...[...notes, ...defaults.notes, ...found.notes],
    ],
  };
}

/** Sample inputs: the publisher's own, rows of the test data, or generated ones. */
async function sample(
  target: SampleTarget,
  dimensions: readonly VariableDimension[],
  given: SizePlan,
  { inputsFile, sampleInputs, samplesOf = 'the test data' }: OriginalOptions,
): Promise<Pick<Original, 'samples' | 'areGiven' | 'lastRefusal'>> {
  if (inputsFile !== undefined) {
    const samples = await readSamples(inputsFile, target);
    checkSamples(inputsFile, samples, dimensions, given);
    return { samples, areGiven: true, lastRefusal: null };
  }
  const own = (await sampleInputs?.(target.signature)) ?? null;
  if (own !== null) {
    const samples = await runSamples(own, target, `${samplesOf}, sample`);
    return { samples, areGiven: false, lastRefusal: null };
  }
  return { areGiven: false, ...(await generateSamples(target)) };
}

function functionsOf({ functions }: OnnxModel): Set<string> {
  return new Set(functions.map(({ domain, name }) => `${domain}:${name}`));
}

/** At full optimisation, else without: onnxruntime-web refuses some valid models at every other level. */
async function load(
  inspector: Inspector,
  source: Source,
  { heapLimitMib, timeoutMs }: OriginalOptions,
): Promise<{ model: WasmModel; optimization: Optimization }> {
  let refusal: InspectionError | undefined;
  for (const optimization of ['all', 'disabled'] as const) {
    try {
      const options = { format: source.format, profile: 'fast', optimization, heapLimitMib, timeoutMs } as const;
      return { model: await WasmModel.load(inspector, source.model, options), optimization };
    } catch (error) {
      if (!(error instanceof InspectionError)) throw error;
      if (error.kind === 'timeout') {
        throw unprocessable(`the model did not finish loading within ${timeoutMs / 1000} s`, error);
      }
      // The first refusal names the fault best.
      refusal ??= error;
      if (error.kind !== 'refused') break;
    }
  }
  const reason = tidy(refusal?.message ?? '');
  if (refusal?.kind === 'out-of-memory' || isSizeOverflow(reason)) throw memoryRefusal(reason);
  throw unprocessable(`the runtime cannot load the model: ${reason}`, refusal);
}
