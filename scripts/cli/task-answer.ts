// The answer of a pipeline's task as a PoP sends it, read by the schema of that task.
import * as z from 'zod';
import {
  type DetectedObject,
  detectedObjectsSchema,
  embeddingSchema,
  type GeneratedText,
  generatedTextsSchema,
  type LabelScore,
  labelScoresSchema,
  type TaskAnswer,
  textSpansSchema,
} from '../../registry/api/task-answers.ts';
import { parse, parseJson } from '../../registry/parse.ts';
import type { PipelineTask } from '../../registry/pipeline/pipeline.ts';

const schemas: Readonly<Record<PipelineTask, z.ZodType<TaskAnswer>>> = {
  'image-classification': labelScoresSchema,
  'object-detection': detectedObjectsSchema,
  'image-feature-extraction': embeddingSchema,
  'feature-extraction': embeddingSchema,
  'text-classification': labelScoresSchema,
  'token-classification': textSpansSchema,
  'image-to-text': generatedTextsSchema,
};

/** @throws {PopserveError} INTERNAL for an answer of another form, naming where it came from as `what` */
export function readTaskAnswer(body: Uint8Array, task: PipelineTask, what: string): TaskAnswer {
  return parse(schemas[task], parseJson(new TextDecoder().decode(body), what, 'INTERNAL'), what, 'INTERNAL');
}

/** What a picture is answered with where the command does not know the task: a text, boxes or labels. Labels alone would leave boxes out. */
const pictureSchema = z.union([generatedTextsSchema, detectedObjectsSchema, labelScoresSchema]);

type PictureAnswer = GeneratedText[] | DetectedObject[] | LabelScore[];

/** @throws {PopserveError} INTERNAL for an answer of another form, naming where it came from as `what` */
export function readPictureAnswer(body: Uint8Array, what: string): PictureAnswer {
  return parse(pictureSchema, parseJson(new TextDecoder().decode(body), what, 'INTERNAL'), what, 'INTERNAL');
}

/** Null for an answer of something else. One that is empty may be of any task. */
export function objectsOf(answer: PictureAnswer): DetectedObject[] | null {
  const entries: readonly object[] = answer;
  const objects = entries.filter((entry): entry is DetectedObject => 'box' in entry);
  return objects.length === answer.length ? objects : null;
}

/** The lines of a table, its head first. */
export function answerRows(answer: PictureAnswer): string[][] {
  const objects = objectsOf(answer);
  if (objects !== null) {
    const rows = objects.map(({ label, score, box }) => [
      ...[label, score.toFixed(4)],
      ...[box.xmin, box.ymin, box.xmax, box.ymax].map((pixels) => pixels.toFixed(1)),
    ]);
    return [['LABEL', 'SCORE', 'XMIN', 'YMIN', 'XMAX', 'YMAX'], ...rows];
  }
  const rows = answer.map((each) => [
    'generated_text' in each ? each.generated_text : each.label,
    each.score.toFixed(4),
  ]);
  const isText = answer.some((each) => 'generated_text' in each);
  return [[isText ? 'TEXT' : 'LABEL', 'SCORE'], ...rows];
}
