// The answer of a pipeline's task as a PoP sends it, read by the schema of that task.
import * as z from 'zod';
import {
  type DetectedObject,
  detectedObjectsSchema,
  type Embedding,
  embeddingSchema,
  type GeneratedText,
  generatedTextsSchema,
  type LabelScore,
  labelScoresSchema,
  type TaskAnswer,
  type TextSpan,
  textSpansSchema,
} from '../../registry/api/task-answers.ts';
import { parse, parseJson } from '../../registry/parse.ts';
import type { PipelineTask } from '../../registry/pipeline/pipeline.ts';
import { type Line, table } from './report.ts';

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

/** What a picture is answered with where the command does not know the task: a text, boxes, labels or a vector. Labels alone would leave boxes out. */
const pictureSchema = z.union([generatedTextsSchema, detectedObjectsSchema, labelScoresSchema, embeddingSchema]);

type PictureAnswer = GeneratedText[] | DetectedObject[] | LabelScore[] | Embedding;

/** @throws {PopserveError} INTERNAL for an answer of another form, naming where it came from as `what` */
export function readPictureAnswer(body: Uint8Array, what: string): PictureAnswer {
  return parse(pictureSchema, parseJson(new TextDecoder().decode(body), what, 'INTERNAL'), what, 'INTERNAL');
}

/** What a text is answered with where the command does not know the task. */
const textSchema = z.union([labelScoresSchema, textSpansSchema, embeddingSchema]);

type TextAnswer = LabelScore[] | TextSpan[] | Embedding;

/** @throws {PopserveError} INTERNAL for an answer of another form, naming where it came from as `what` */
export function readTextAnswer(body: Uint8Array, what: string): TextAnswer {
  return parse(textSchema, parseJson(new TextDecoder().decode(body), what, 'INTERNAL'), what, 'INTERNAL');
}

/** One answer; a batch has a list of them. */
const anyAnswerSchema = z.union([generatedTextsSchema, detectedObjectsSchema, textSchema]);
const anyAnswersSchema = z.union([anyAnswerSchema.transform((answer) => [answer]), z.array(anyAnswerSchema)]);

/** @returns the answers for the items of a request whose task the command does not know; null for JSON of another form */
export function readAnyAnswers(value: unknown): (TextAnswer | PictureAnswer)[] | null {
  return anyAnswersSchema.safeParse(value).data ?? null;
}

/** Values of a vector that a person is shown. */
const mostShown = 8;

/** The lines that tell a person of an answer. */
export function answerLines(answer: TextAnswer | PictureAnswer): Line[] {
  const entries: readonly (number | object)[] = answer;
  if (entries.length === 0) return ['nothing scores enough to be told'];
  const numbers = entries.filter((entry) => typeof entry === 'number');
  if (numbers.length > 0) {
    const more = numbers.length > mostShown ? ', …' : '';
    return [
      `${numbers.length} values: ${numbers
        .slice(0, mostShown)
        .map((value) => value.toFixed(4))
        .join(', ')}${more}`,
    ];
  }
  const spans = entries.filter((entry): entry is TextSpan => typeof entry === 'object' && 'entity_group' in entry);
  if (spans.length === 0) return table(answerRows(answer as Exclude<PictureAnswer, Embedding>));
  const rows = spans.map(({ entity_group: name, word, start, end, score }) => [
    ...[name, word, `${start} to ${end}`, score.toFixed(4)],
  ]);
  return table([['PART', 'TEXT', 'PLACE', 'SCORE'], ...rows]);
}

/** Null for an answer of something else. One that is empty may be of any task. */
export function objectsOf(answer: PictureAnswer): DetectedObject[] | null {
  const entries: readonly (object | number)[] = answer;
  const objects = entries.filter((entry): entry is DetectedObject => typeof entry === 'object' && 'box' in entry);
  return objects.length === answer.length ? objects : null;
}

/** The lines of a table, its head first. */
function answerRows(answer: Exclude<PictureAnswer, Embedding>): string[][] {
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
