// From a model's outputs to the answers of a pipeline's task, one for each picture or text that was sent.
import type { PipelineParameters } from '../../registry/api/pipeline-request.ts';
import type { TaskAnswer } from '../../registry/api/task-answers.ts';
import type { Pipeline } from '../../registry/pipeline/pipeline.ts';
import { shortestFloat32 } from '../protocol/shortest-float32.ts';
import type { Tensor } from '../protocol/tensor.ts';
import { detectObjects } from './boxes/detect.ts';
import { classify } from './classify.ts';
import { readText } from './ctc.ts';
import { type Item, pictureItems, textItems } from './items.ts';
import { pool } from './pool.ts';
import { spans } from './spans.ts';

/**
 * @param outputs at least those of `outputsRead`, with a row for each item
 * @param parameters as `checkParameters` lets them pass
 */
export function taskAnswers(
  { after }: Pick<Pipeline, 'after'>,
  outputs: readonly Tensor[],
  items: readonly Item[],
  parameters: PipelineParameters,
): TaskAnswer[] {
  switch (after.step) {
    case 'classify': {
      const { top_k: topK = after.topK, threshold, function_to_apply: activation = after.activation } = parameters;
      return classify(
        named(outputs, after.output),
        { labels: after.labels, activation },
        {
          topK,
          ...(threshold === undefined ? {} : { threshold }),
        },
      );
    }
    case 'boxes': {
      const { threshold } = parameters;
      const output = (name: string) => named(outputs, name);
      return detectObjects(output, after, pictureItems(items), threshold === undefined ? {} : { threshold });
    }
    case 'pool':
      return pool(named(outputs, after.output), after, items, parameters).map(shortestFloat32);
    case 'spans':
      return spans(named(outputs, after.output), after, textItems(items), parameters.threshold);
    case 'ctc':
      return readText(named(outputs, after.output), after, items.length);
  }
}

function named(outputs: readonly Tensor[], name: string): Tensor {
  const output = outputs.find((each) => each.name === name);
  if (output === undefined) throw new Error(`the model gave no output '${name}'`);
  return output;
}
