// From a model's outputs to the answers of a pipeline's task, one for each picture or text that was sent.
import type { PipelineParameters } from '../../registry/api/pipeline-request.ts';
import type { TaskAnswer } from '../../registry/api/task-answers.ts';
import { invalid } from '../../registry/errors.ts';
import type { AfterStep, Pipeline } from '../../registry/pipeline/pipeline.ts';
import type { Tensor } from '../protocol/tensor.ts';
import { detectObjects } from './boxes/detect.ts';
import { classify } from './classify.ts';
import type { Prepared } from './items.ts';

/**
 * @param outputs at least those of `outputsRead`, with a row for each item
 * @param parameters as {@link checkParameters} lets them pass
 */
export function taskAnswers(
  { after }: Pick<Pipeline, 'after'>,
  outputs: readonly Tensor[],
  items: Prepared['items'],
  parameters: PipelineParameters,
): TaskAnswer[] {
  switch (after.step) {
    case 'classify': {
      const { top_k: topK = after.topK, threshold } = parameters;
      return classify(named(outputs, after.output), after, {
        topK,
        ...(threshold === undefined ? {} : { threshold }),
      });
    }
    case 'boxes': {
      const { threshold } = parameters;
      const output = (name: string) => named(outputs, name);
      return detectObjects(output, after, items, threshold === undefined ? {} : { threshold });
    }
  }
}

/** The parameters that each step behind a model has a use for. */
const taken: Readonly<Record<AfterStep['step'], readonly (keyof PipelineParameters)[]>> = {
  classify: ['top_k', 'threshold'],
  boxes: ['threshold'],
};

/** @throws {PopserveError} INVALID_ARGUMENT for a parameter that the task has no use for, naming it */
export function checkParameters({ task, after }: Pipeline, parameters: PipelineParameters): void {
  const own = taken[after.step];
  const odd = Object.keys(parameters).find((name) => !own.some((each) => each === name));
  if (odd === undefined) return;
  throw invalid(`parameters: '${odd}' means nothing to ${task}, expected ${own.join(' or ')}`);
}

function named(outputs: readonly Tensor[], name: string): Tensor {
  const output = outputs.find((each) => each.name === name);
  if (output === undefined) throw new Error(`the model gave no output '${name}'`);
  return output;
}
