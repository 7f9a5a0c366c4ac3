// Finds out how large the inputs of a model may be, in the heap of an isolate.
import type { InputLimit } from '../../registry/input-size-limits.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import type { RunCosts } from '../../registry/run-costs.ts';
import type { ChosenArtifact } from '../inspect/artifact.ts';
import { InspectionError, type Inspector } from '../inspect/inspector.ts';
import { tidy } from '../inspect/refusal.ts';
import { WasmModel } from '../inspect/wasm-model.ts';
import { describeLimits, inputLimits } from './derive-size-limits.ts';
import type { Original } from './original.ts';
import { type ProbedSizes, probeSizes } from './probe-sizes.ts';
import type { PreparationSettings } from './settings.ts';

export interface LimitedInputs {
  readonly limits: InputLimit[];
  /** Null where nothing was measured. */
  readonly costs: RunCosts | null;
}

/** Nothing that a large input does is a reason not to publish. */
export async function limitInputs(
  inspector: Inspector,
  chosen: ChosenArtifact,
  original: Original,
  settings: PreparationSettings,
  note: (text: string) => void,
): Promise<LimitedInputs> {
  const { signature, dimensions, given, samples } = original;
  const probed = await probeOriginal(inspector, chosen, original, settings).catch((error: unknown) => {
    if (!(error instanceof InspectionError)) throw error;
    note(`how large the inputs may be was not found out: ${tidy(error.message)}`);
    return null;
  });
  const inputs = samples.map((sample) => sample.inputs);
  const limits = inputLimits(signature, dimensions, given, inputs, probed);
  const described = describeLimits(limits, signature, dimensions, probed, settings.probeLimitMs);
  if (described !== null) note(described);
  return { limits, costs: probed === null || probed.series.length === 0 ? null : costsOf(probed, settings) };
}

async function probeOriginal(
  inspector: Inspector,
  { artifact, optimization, profiles }: ChosenArtifact,
  { dimensions, given, samples }: Original,
  { memoryBudgetMib, timeoutMs, probeLimitMs }: PreparationSettings,
): Promise<ProbedSizes | null> {
  const [sample] = samples;
  if (sample === undefined || dimensions.length === 0 || probeLimitMs === 0) return null;
  const model = await WasmModel.load(inspector, artifact.bytes, {
    format: artifact.format,
    profile: profiles.fast ? 'fast' : 'lean',
    optimization,
    heapLimitMib: memoryBudgetMib,
    timeoutMs,
  });
  return probeSizes(model, sample.inputs, dimensions, given, { runMs: probeLimitMs, memoryBudgetMib, timeoutMs });
}

function costsOf({ clock, series }: ProbedSizes, { memoryBudgetMib, probeLimitMs }: PreparationSettings): RunCosts {
  return {
    clock,
    limitMs: probeLimitMs,
    limitBytes: memoryBudgetMib * mebibyte,
    series: series.map(({ moved, points }) => ({
      moved: [...moved],
      points: points.map(({ shape, ms, heapBytes }) => ({
        shape: [...shape],
        // Three digits are more than a measurement is good for.
        ms: Number(ms.toPrecision(3)),
        heapBytes,
      })),
    })),
  };
}
