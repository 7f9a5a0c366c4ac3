// The answer of a pipeline's task as a PoP sends it, read by the schema of that task.
import { detectedObjectsSchema, labelScoresSchema, type TaskAnswer } from '../../registry/api/task-answers.ts';
import { parse, parseJson } from '../../registry/parse.ts';
import type { PipelineTask } from '../../registry/pipeline/pipeline.ts';

const schemas = {
  'image-classification': labelScoresSchema,
  'object-detection': detectedObjectsSchema,
} as const satisfies Record<PipelineTask, unknown>;

/** @throws {PopserveError} INTERNAL for an answer of another form, naming where it came from as `what` */
export function readTaskAnswer(body: Uint8Array, task: PipelineTask, what: string): TaskAnswer {
  return parse(schemas[task], parseJson(new TextDecoder().decode(body), what, 'INTERNAL'), what, 'INTERNAL');
}
