// Which parameters of a request a pipeline has a use for: the others are refused before anything is prepared.
import type { PipelineParameters } from '../../registry/api/pipeline-request.ts';
import { invalid } from '../../registry/errors.ts';
import type { AfterStep, Pipeline } from '../../registry/pipeline/pipeline.ts';
import { requireDimensions } from './pool.ts';

type Name = keyof PipelineParameters;

const ofText: readonly Name[] = ['prompt_name', 'truncate', 'truncation_direction'];
const ofAfter: Readonly<Record<AfterStep['step'], readonly Name[]>> = {
  boxes: ['threshold'],
  classify: ['top_k', 'threshold', 'function_to_apply'],
  ctc: [],
  pool: ['normalize', 'dimensions'],
  spans: ['threshold', 'aggregation_strategy'],
};

/** @throws {PopserveError} INVALID_ARGUMENT for parameters that the task has no use for, and lengths that the version does not allow */
export function checkParameters(pipeline: Pipeline, parameters: PipelineParameters): void {
  const known = [...ofAfter[pipeline.after.step], ...('text' in pipeline ? ofText : [])];
  const odd = (Object.keys(parameters) as Name[]).find((name) => !known.includes(name));
  if (odd !== undefined) {
    throw invalid(`parameters: '${odd}' means nothing to ${pipeline.task}, expected ${known.join(' or ') || 'none'}`);
  }
  const { after } = pipeline;
  if (after.step === 'pool' && parameters.dimensions !== undefined) {
    requireDimensions(parameters.dimensions, after.dimensions);
  }
}
