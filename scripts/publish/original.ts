// The model as it was given, in the WASM runtime: does it load at all, what goes in and out, and what does it answer to sample inputs.
// Has more room than an isolate, because an .onnx takes several times what its converted form takes.
import type { Signature } from '../../registry/signature.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { Optimization } from '../inspect/artifact.ts';
import { InspectionError, type Inspector } from '../inspect/inspector.ts';
import { isSizeOverflow, tidy, unprocessable } from '../inspect/refusal.ts';
import { signatureOf, WasmModel } from '../inspect/wasm-model.ts';
import { checkSamples, resolveMaxDims } from './max-dim.ts';
import type { MaxDim } from './options.ts';
import { type SizePlan, type VariableDimension, variableDimensions } from './sample-sizes.ts';
import { generateSamples, memoryRefusal, readSamples, runSamples, type Sample } from './samples.ts';
import type { Source } from './source.ts';
import { valueHints } from './value-hints.ts';

export interface OriginalOptions {
  readonly heapLimitMib: number;
  readonly timeoutMs: number;
  readonly inputsFile: string | undefined;
  readonly maxDims: readonly MaxDim[];
  /** Inputs that the caller has for a model of this signature. */
  readonly sampleInputs?: (signature: Signature) => Promise<readonly (readonly Tensor[])[]>;
  /** What they are taken from, for messages; default: the test data. */
  readonly samplesOf?: string;
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
  /** By the publisher, with --inputs. */
  readonly areGiven: boolean;
  /** What the model said to the last of the generated inputs that it refused. */
  readonly lastRefusal: string | null;
}

/** @throws PopserveError UNPROCESSABLE for a model that cannot be served */
export async function examineOriginal(
  inspector: Inspector,
  source: Source,
  options: OriginalOptions,
): Promise<Original> {
  const { model, optimization } = await load(inspector, source, options);
  const signature = signatureOf(model.session);
  if (signature.outputs.length === 0) throw unprocessable(`${source.file} has no outputs: there is nothing to serve`);

  const hints = source.onnx ? valueHints(source.onnx.graph) : new Map();
  const dimensions = variableDimensions(model.session.inputs);
  const given = resolveMaxDims(options.maxDims, dimensions);
  const examined = { signature, optimization, dimensions, given };
  const target = { model, signature, hints, most: given, timeoutMs: options.timeoutMs };
  if (options.inputsFile !== undefined) {
    const samples = await readSamples(options.inputsFile, target);
    checkSamples(options.inputsFile, samples, dimensions, given);
    return { ...examined, samples, areGiven: true, lastRefusal: null };
  }
  if (options.sampleInputs !== undefined) {
    const samples = await runSamples(
      await options.sampleInputs(signature),
      target,
      `${options.samplesOf ?? 'the test data'}, sample`,
    );
    return { ...examined, samples, areGiven: false, lastRefusal: null };
  }
  return { ...examined, areGiven: false, ...(await generateSamples(target)) };
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
