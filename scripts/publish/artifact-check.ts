// Does an artifact give the original's answers in the heap that an isolate has, and what does it take there? One profile at a time.

import type { Manifest, ProfileName } from '../../registry/manifest.ts';
import type { Tolerance } from '../../worker/protocol/compare-elements.ts';
import type { Artifact, Optimization } from '../inspect/artifact.ts';
import { compareAnswers, compareForms } from '../inspect/compare.ts';
import { InspectionError, type Inspector, type LoadOptions } from '../inspect/inspector.ts';
import { tidy } from '../inspect/refusal.ts';
import { WasmModel } from '../inspect/wasm-model.ts';
import type { Sample } from './samples.ts';

type ProfileMeasures = NonNullable<Manifest['runtime']['profiles'][ProfileName]>;

export type ProfileCheck =
  | { readonly kind: 'good'; readonly measures: ProfileMeasures }
  /** `too-large`: out of memory; `faulty`: refused, crashed, out of time or other answers. */
  | { readonly kind: 'too-large' | 'faulty'; readonly reason: string };

export interface CheckLimits {
  readonly memoryBudgetMib: number;
  readonly timeoutMs: number;
  readonly tolerance: Tolerance;
  /** Answers differ from run to run: only their kind is checked. */
  readonly isRandom?: boolean;
}

/** Clocks in an isolate have a resolution of 1 ms: a run is timed by many. The first batch lets V8 tier the code up. */
const warmUp = { runs: 30, limitMs: 60 };
const timed = { runs: 200, limitMs: 150 };

/**
 * Loads, runs every sample, compares with the original's answers, measures. What the model needs is measured in a heap whose free
 * blocks others have taken. Where it does not fit so, it is judged alone: an isolate that serves nothing else has those blocks.
 */
export async function checkProfile(
  inspector: Inspector,
  artifact: Artifact,
  profile: ProfileName,
  optimization: Optimization,
  samples: readonly Sample[],
  limits: CheckLimits,
): Promise<ProfileCheck> {
  const check = (fill: boolean) => checkIn(inspector, artifact, { profile, optimization, fill }, samples, limits);
  const beside = await check(true);
  return beside.kind === 'too-large' ? await check(false) : beside;
}

async function checkIn(
  inspector: Inspector,
  { format, bytes }: Artifact,
  how: Pick<LoadOptions, 'profile' | 'optimization' | 'fill'>,
  samples: readonly Sample[],
  { isRandom, memoryBudgetMib, timeoutMs, tolerance }: CheckLimits,
): Promise<ProfileCheck> {
  try {
    const options = { ...how, format, heapLimitMib: memoryBudgetMib, timeoutMs };
    const model = await WasmModel.load(inspector, bytes, options);
    const { createMs, emptyBytes } = model.session;
    // The memory never shrinks: its size is the peak, in steps of 1 MiB.
    let peakBytes = model.session.heap.bytes;
    for (const { inputs, outputs } of samples) {
      const run = await model.run(inputs);
      const difference = isRandom
        ? compareForms(outputs, run.outputs)
        : compareAnswers(outputs, run.outputs, tolerance);
      if (difference !== null) return { kind: 'faulty', reason: difference };
      peakBytes = Math.max(peakBytes, run.heap.bytes);
    }
    const heapBytes = Math.max(peakBytes - emptyBytes, bytes.length);
    return { kind: 'good', measures: { heapBytes, createMs, runMs: await time(model, samples) } };
  } catch (error) {
    if (!(error instanceof InspectionError)) throw error;
    return { kind: error.kind === 'out-of-memory' ? 'too-large' : 'faulty', reason: tidy(error.message) };
  }
}

/** Mean of warm runs on the first sample; 0 without one. */
async function time(model: WasmModel, [sample]: readonly Sample[]): Promise<number> {
  if (!sample) return 0;
  await model.time(sample.inputs, warmUp.runs, warmUp.limitMs);
  return model.time(sample.inputs, timed.runs, timed.limitMs);
}
