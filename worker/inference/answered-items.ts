// What drift and samples are told of a pipeline's request: each picture or text with its answer.
import type { TaskAnswer } from '../../registry/api/task-answers.ts';
import type { Pipeline } from '../../registry/pipeline/pipeline.ts';
import { answerFeatures, itemFeatures } from '../pipeline/item-features.ts';
import type { Item } from '../pipeline/items.ts';
import type { AnsweredItem } from './codecs.ts';

/** @param answers one for each item, to no parameters: a caller's threshold would change what is counted */
export function answeredItems(
  { after }: Pipeline,
  items: readonly Item[],
  answers: readonly TaskAnswer[],
): AnsweredItem[] {
  return items.map((item, index) => {
    const answer = answers[index] ?? [];
    return {
      item: itemFeatures(item),
      answer: answerFeatures(after.step, answer),
      sample: { features: 'text' in item ? { text: item.text } : itemFeatures(item), prediction: { answer } },
    };
  });
}
