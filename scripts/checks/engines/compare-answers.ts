// The answers of the original in onnxruntime-web and of the converted model in LiteRT.js, over golden and random inputs of a net.
import { outputTolerance } from '../../../registry/manifest.ts';
import { steppedTolerances } from '../../publish/engine/agreement.ts';
import { defaultTolerance } from '../../publish/settings.ts';
import { startMeasured } from '../bench/measured-worker.ts';
import { inputFrame } from '../bench/models.ts';
import type { WorkerModules } from '../workerd/config.ts';
import { differenceOf, sameClasses } from './answers.ts';
import { answer, call, type EngineName } from './calls.ts';
import type { ConvertedNet } from './convert-nets.ts';

export interface AnswerCount {
  readonly inputs: number;
  /** Inputs whose elements are all within the tolerance. */
  readonly within: number;
  readonly elements: number;
  readonly elementsBeyond: number;
  readonly largest: number;
  /** Inputs whose labels differ; null where the net gives none. */
  readonly otherLabels: number | null;
}

export function isRight({ elementsBeyond, otherLabels }: AnswerCount): boolean {
  return elementsBeyond === 0 && (otherLabels ?? 0) === 0;
}

/**
 * @param longestMs no further random input is begun after that; the golden ones are always compared
 */
export async function compareAnswers(
  worker: WorkerModules,
  { net, models, steps }: ConvertedNet,
  longestMs: number,
): Promise<AnswerCount> {
  // As publishing has it: an output of a quantised net may be steps of its last integers apart.
  const stepped = { tolerance: steppedTolerances(steps, defaultTolerance) };
  const toleranceOf = (output: string) => outputTolerance(defaultTolerance, stepped, output);
  const running = await startMeasured({ worker });
  const compared = ['stock', 'litert'] as const satisfies readonly EngineName[];
  try {
    for (const engine of compared) await call(running, '/load', engine, models[engine]);
    const count = { inputs: 0, within: 0, elements: 0, elementsBeyond: 0, largest: 0, otherLabels: 0 };
    const started = performance.now();
    for (const sample of net.samples()) {
      if (count.inputs > net.goldenCount && performance.now() - started > longestMs) break;
      const frame = inputFrame(sample);
      const [expected, actual] = [await answer(running, 'stock', frame), await answer(running, 'litert', frame)];
      const { largest, beyondTolerance, elements } = differenceOf(expected, actual, toleranceOf);
      count.inputs++;
      count.elements += elements;
      count.elementsBeyond += beyondTolerance;
      count.largest = Math.max(count.largest, largest);
      if (beyondTolerance === 0) count.within++;
      if (!sameClasses(expected, actual, net.classes)) count.otherLabels++;
    }
    return { ...count, otherLabels: net.classes.length === 0 ? null : count.otherLabels };
  } finally {
    await running.stop();
  }
}
