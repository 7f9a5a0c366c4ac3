// Which inputs without elements a model runs on, in the heap of an isolate: found out here, where a kernel that aborts on them costs
// nobody an answer. The Worker runs only what is recorded.
import type { ZeroSizes } from '../../registry/zero-sizes.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { ChosenArtifact } from '../inspect/artifact.ts';
import { InspectionError, type Inspector } from '../inspect/inspector.ts';
import { WasmModel } from '../inspect/wasm-model.ts';
import type { Original } from './original.ts';
import type { VariableDimension } from './sample-sizes.ts';
import type { PreparationSettings } from './settings.ts';

/** Each that breaks the runtime costs a load. */
const mostTried = 16;
/** There is nothing to compute. */
const longestRunMs = 5_000;

/** @returns the variable dimensions that may be zero, each group as it was run; none where no sample is known to run */
export async function tryZeroSizes(
  inspector: Inspector,
  { artifact, optimization, profiles }: ChosenArtifact,
  { dimensions, samples: [sample] }: Pick<Original, 'dimensions' | 'samples'>,
  { memoryBudgetMib, timeoutMs }: Pick<PreparationSettings, 'memoryBudgetMib' | 'timeoutMs'>,
): Promise<ZeroSizes> {
  if (!sample || dimensions.length === 0) return [];
  const tried: ZeroSizes = [];
  const options = {
    format: artifact.format,
    profile: profiles.fast ? 'fast' : 'lean',
    optimization,
    heapLimitMib: memoryBudgetMib,
    timeoutMs,
  } as const;
  try {
    const model = await WasmModel.load(inspector, artifact.bytes, options);
    for (const group of zeroGroups(dimensions).slice(0, mostTried)) {
      const places = group.flatMap((dimension) => dimension.places.map(({ input, axis }) => ({ input, axis })));
      if (await runs(model, emptied(sample.inputs, places), Math.min(timeoutMs, longestRunMs))) tried.push(places);
    }
  } catch (error) {
    // The model could not be loaded again after a run that broke the runtime: what was found until then holds.
    if (!(error instanceof InspectionError)) throw error;
  }
  return tried;
}

/** All dimensions of one role together, as an empty batch or list has them, then each on its own. */
function zeroGroups(dimensions: readonly VariableDimension[]): VariableDimension[][] {
  const byRole = Map.groupBy(dimensions, ({ role }) => role);
  const together = [...byRole.values()].filter((group) => group.length > 1);
  return [...together, ...dimensions.map((dimension) => [dimension])];
}

function emptied(inputs: readonly Tensor[], places: ZeroSizes[number]): Tensor[] {
  return inputs.map((tensor) => {
    const axes = new Set(places.filter(({ input }) => input === tensor.name).map(({ axis }) => axis));
    if (axes.size === 0) return tensor;
    const shape = tensor.shape.map((size, axis) => (axes.has(axis) ? 0 : size));
    return { ...tensor, shape, data: tensor.datatype === 'BYTES' ? [] : new Uint8Array() };
  });
}

async function runs(model: WasmModel, inputs: readonly Tensor[], timeoutMs: number): Promise<boolean> {
  try {
    await model.measure(inputs, { cpuMs: timeoutMs, timeoutMs });
    return true;
  } catch (error) {
    if (error instanceof InspectionError) return false;
    throw error;
  }
}
