// The answer of a pipeline's task as a PoP sends it, read by the schema of that task.
import type * as z from 'zod';
import {
  detectedObjectsSchema,
  embeddingSchema,
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
};

/** @throws {PopserveError} INTERNAL for an answer of another form, naming where it came from as `what` */
export function readTaskAnswer(body: Uint8Array, task: PipelineTask, what: string): TaskAnswer {
  return parse(schemas[task], parseJson(new TextDecoder().decode(body), what, 'INTERNAL'), what, 'INTERNAL');
}
