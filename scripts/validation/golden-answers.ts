// The answers of a version's pipeline to what its golden vectors send: native onnxruntime's, or the served runtime's where it has others.
import type { TaskAnswer } from '../../registry/api/task-answers.ts';
import { outputsRead, type Pipeline } from '../../registry/pipeline/pipeline.ts';
import type { Prepared } from '../../worker/pipeline/items.ts';
import { taskAnswers } from '../../worker/pipeline/task-answers.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { compareAnswers, type OutputTolerance } from '../inspect/compare.ts';
import { runNative } from '../inspect/native.ts';
import type { Source } from '../publish/source.ts';

export interface GoldenAnswers {
  /** One for each that was prepared. */
  readonly answers: readonly TaskAnswer[];
  /** How many of them are the served runtime's, because native onnxruntime's are others. */
  readonly served: number;
}

/**
 * @param prepared each with one picture or text
 * @param ask what the served form of the model answers
 */
export async function goldenAnswers(
  source: Source,
  pipeline: Pipeline,
  prepared: readonly Prepared[],
  settings: { readonly timeoutMs: number; readonly memoryLimitMib: number; readonly tolerance: OutputTolerance },
  ask: (inputs: readonly Tensor[]) => Promise<readonly Tensor[]>,
): Promise<GoldenAnswers> {
  const read = outputsRead(pipeline.after);
  const { references } = await runNative({
    model: source.model,
    format: source.format,
    convert: false,
    samples: prepared.map(({ inputs }) => async () => [...inputs]),
    limits: { timeoutMs: settings.timeoutMs, memoryMib: settings.memoryLimitMib },
  });
  const answers: TaskAnswer[] = [];
  let served = 0;
  for (const [index, { inputs, items }] of prepared.entries()) {
    const own = await ask(inputs);
    const native = 'fault' in references ? undefined : references[index];
    const agrees = native !== undefined && compareAnswers(native, own, settings.tolerance) === null;
    if (!agrees) served++;
    const outputs = (agrees ? native : own).filter(({ name }) => read.includes(name));
    const [answer] = taskAnswers(pipeline, outputs, items, {});
    if (answer === undefined) throw new Error('nothing was answered');
    answers.push(answer);
  }
  return { answers, served };
}
