// What a run costs in both engines: blocks of warm runs in turns, in several fresh processes. Time on the processor decides, because
// time on the clock grows with what else the machine does.
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import { InspectionError, type Inspector, type LoadOptions } from '../../inspect/inspector.ts';
import { WasmModel } from '../../inspect/wasm-model.ts';

export interface EngineModels {
  readonly onnxruntime: { readonly bytes: Uint8Array; readonly options: Omit<LoadOptions, 'fill' | 'engine'> };
  readonly litert: Uint8Array;
}

export interface MeasureLimits {
  readonly heapLimitMib: number;
  readonly timeoutMs: number;
}

export interface Measured {
  /** onnxruntime's time of a block over LiteRT's of the same round: the median over all processes. */
  readonly timesFaster: number;
  /** onnxruntime's time of a run less LiteRT's, milliseconds. */
  readonly savedMs: number;
  readonly heapBytes: number;
  /** Medians, on the clock: as those of the profiles. */
  readonly createMs: number;
  readonly runMs: number;
}

/** What V8 makes of a module differs from one process to the next: two are asked, and a third where they do not decide clearly. */
const processes = { least: 2, most: 3 };
/** So far from the line all processes have to be, on one side of it. */
const clearly = 1.15;
const rounds = 5;
/** Time of one block. A run that takes longer is a block of its own. */
const blockMs = 20;
const mostRuns = 2000;
/**
 * V8 compiles the kernels well only after some runs, and in the background, which a busy machine delays: the first five runs of a large
 * net take three times as long. An engine is warm when a block is no faster than the ones before it.
 */
const warmUp = { runs: 6, ms: 250, further: 8, steady: 0.95 };
/** No further process starts after this much time on the clock: nets of which a run takes a second are measured in one. */
const enoughMs = 12_000;

/**
 * @param inspector of both engines, whose process has hardly run anything; it is ended and started anew for each further one
 * @param line times faster on which a choice depends
 * @throws InspectionError
 */
export async function measureEngines(
  inspector: Inspector,
  models: EngineModels,
  inputs: readonly Tensor[],
  limits: MeasureLimits,
  line: number,
): Promise<Measured> {
  const started = performance.now();
  const measured = [await measureProcess(inspector, models, inputs, limits)];
  while (!isDecided(measured, line) && performance.now() - started < enoughMs) {
    await inspector.kill();
    measured.push(await measureProcess(inspector, models, inputs, limits));
  }
  const pairs = measured.flatMap((each) => each.pairs);
  const of = (name: 'heapBytes' | 'createMs' | 'runMs') => median(measured.map((each) => each[name]));
  return {
    timesFaster: median(pairs.map(({ first, second }) => first / second)),
    savedMs: median(pairs.map(({ first, second }) => first - second)),
    heapBytes: of('heapBytes'),
    createMs: of('createMs'),
    runMs: of('runMs'),
  };
}

function isDecided(measured: readonly ProcessMeasured[], line: number): boolean {
  if (measured.length < processes.least) return false;
  if (measured.length >= processes.most) return true;
  const ratios = measured.map(({ pairs }) => median(pairs.map(({ first, second }) => first / second)));
  return ratios.every((ratio) => ratio >= line * clearly) || ratios.every((ratio) => ratio <= line / clearly);
}

interface ProcessMeasured extends Pick<Measured, 'heapBytes' | 'createMs' | 'runMs'> {
  /** Times of a run in onnxruntime and in LiteRT, round by round. */
  readonly pairs: readonly { readonly first: number; readonly second: number }[];
}

async function measureProcess(
  inspector: Inspector,
  { onnxruntime, litert }: EngineModels,
  inputs: readonly Tensor[],
  limits: MeasureLimits,
): Promise<ProcessMeasured> {
  const { model: second, heapBytes } = await loadMeasured(inspector, litert, inputs, limits);
  const { createMs } = second.session;
  const first = await WasmModel.load(inspector, onnxruntime.bytes, { ...onnxruntime.options, ...limits });
  const repeats = [await settle(first, inputs), await settle(second, inputs)] as const;
  const pairs: { first: number; second: number }[] = [];
  const onClock: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const ort = await block(first, inputs, repeats[0]);
    const other = await block(second, inputs, repeats[1]);
    pairs.push({ first: ort.ms, second: other.ms });
    onClock.push(other.onClockMs);
  }
  return { pairs, createMs, heapBytes, runMs: median(onClock) };
}

/** Measured in a heap without holes first; for a large model those may be the room that it lacks. */
async function loadMeasured(
  inspector: Inspector,
  litert: Uint8Array,
  inputs: readonly Tensor[],
  limits: MeasureLimits,
): Promise<{ readonly model: WasmModel; readonly heapBytes: number }> {
  const load = async (fill: boolean) => {
    const model = await WasmModel.load(inspector, litert, { engine: 'litert', fill, ...limits });
    const { heap } = await model.run(inputs);
    return { model, heapBytes: Math.max(heap.bytes - model.session.emptyBytes, litert.length) };
  };
  try {
    return await load(true);
  } catch (error) {
    if (error instanceof InspectionError && error.kind === 'out-of-memory') return await load(false);
    throw error;
  }
}

/** Runs until it is warm. @returns how many runs make a block */
async function settle(model: WasmModel, inputs: readonly Tensor[]): Promise<number> {
  const started = performance.now();
  let fastest = (await block(model, inputs, 1)).ms;
  let runs = 1;
  let further = 0;
  while (further < warmUp.further) {
    const repeat = repeatsFor(fastest);
    const { ms } = await block(model, inputs, repeat);
    runs += repeat;
    const isSteady = ms > fastest * warmUp.steady;
    fastest = Math.min(fastest, ms);
    if (runs < warmUp.runs || performance.now() - started < warmUp.ms) continue;
    if (isSteady) break;
    further++;
  }
  return repeatsFor(fastest);
}

/** Bounded, because a clock of whole milliseconds may tell 0. */
function repeatsFor(ms: number): number {
  return Math.min(mostRuns, Math.max(1, Math.ceil(blockMs / ms)));
}

/** Milliseconds of a run: on the processor, or on the clock where the system does not tell. */
async function block(
  model: WasmModel,
  inputs: readonly Tensor[],
  repeat: number,
): Promise<{ readonly ms: number; readonly onClockMs: number }> {
  const { cpuMs, runMs, runs } = await model.repeat(inputs, repeat);
  return { ms: cpuMs === null ? runMs : cpuMs / runs, onClockMs: runMs };
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const [low = Number.NaN, high = low] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (low + high) / 2;
}
