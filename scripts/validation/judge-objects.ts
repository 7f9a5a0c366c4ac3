// From a detector's answers on annotated pictures to its figures.

import type { DetectedObject, TaskAnswer } from '../../registry/api/task-answers.ts';
import { invalid } from '../../registry/errors.ts';
import type { Evaluation, Metrics } from '../../registry/evaluation.ts';
import type { Pipeline } from '../../registry/pipeline/pipeline.ts';
import { taskAnswers } from '../../worker/pipeline/task-answers.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { Answer } from './answers.ts';
import { averagePrecisions, type FoundObject, type PictureObjects } from './metrics/average-precision.ts';
import { rounded } from './score.ts';
import type { TrueObjects } from './test-data.ts';

export interface JudgedObjects {
  readonly metrics: Metrics;
  readonly absent: Readonly<Record<string, string>>;
  readonly outputs: Evaluation['outputs'];
  readonly classes: readonly string[];
}

/**
 * The figures are those of all boxes that the version could tell, whatever they score: its threshold is left out.
 * @throws {PopserveError} INVALID_ARGUMENT for a version that finds no objects, or for categories that it does not name
 */
export async function judgeObjects(
  answers: readonly Answer[],
  { truth, categories, items }: TrueObjects,
  pipeline: Pipeline | null | undefined,
): Promise<JudgedObjects> {
  if (pipeline?.after.step !== 'boxes')
    throw invalid('the version has no pipeline that ends in boxes, which the annotations are about');
  const { after } = pipeline;
  const strange = categories.find((category) => !after.labels.includes(category));
  if (strange !== undefined) {
    throw invalid(
      `the annotations have the category '${strange}', the version names ${after.labels.slice(0, 12).join(', ')}${after.labels.length > 12 ? ', …' : ''}`,
    );
  }
  const pictures: PictureObjects[] = [];
  for (const { from, to, outputs } of answers) {
    const found = taskAnswers(pipeline, outputs as readonly Tensor[], await items(from, to), { threshold: 0 });
    found.forEach((each, index) => {
      pictures.push({ truth: truth[from + index] ?? [], found: objectsOf(each).map(asFound) });
    });
  }
  const figures = Object.entries(averagePrecisions(pictures, categories));
  const none = 'the annotations have no objects';
  return {
    metrics: rounded(Object.fromEntries(figures.flatMap(([name, value]) => (value === null ? [] : [[name, value]])))),
    absent: Object.fromEntries(figures.flatMap(([name, value]) => (value === null ? [[name, none]] : []))),
    outputs: { scores: 'output' in after.decode ? after.decode.output : after.decode.scores },
    classes: after.labels,
  };
}

function objectsOf(answer: TaskAnswer): DetectedObject[] {
  const entries: readonly unknown[] = answer;
  return entries.filter(
    (entry): entry is DetectedObject => typeof entry === 'object' && entry !== null && 'box' in entry,
  );
}

function asFound({ label, score, box: { xmin, ymin, xmax, ymax } }: DetectedObject): FoundObject {
  return { category: label, score, box: [xmin, ymin, xmax - xmin, ymax - ymin] };
}
