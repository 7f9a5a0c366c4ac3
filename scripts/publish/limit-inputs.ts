// Finds out how large the inputs of a model may be, in the heap of an isolate.
import type { InputLimit } from '../../registry/input-size-limits.ts';
import type { ChosenArtifact } from '../inspect/artifact.ts';
import { InspectionError, type Inspector } from '../inspect/inspector.ts';
import { tidy } from '../inspect/refusal.ts';
import { WasmModel } from '../inspect/wasm-model.ts';
import { defaultMost, describeLimits, inputLimits } from './derive-size-limits.ts';
import type { Original } from './original.ts';
import { type ProbedSizes, probeSizes, sizesOfSamples } from './probe-sizes.ts';
import type { PreparationSettings } from './settings.ts';

/** Nothing that a large input does is a reason not to publish. */
export async function limitInputs(
  inspector: Inspector,
  { artifact, optimization, profiles }: ChosenArtifact,
  { signature, dimensions, given, samples }: Original,
  settings: PreparationSettings,
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
