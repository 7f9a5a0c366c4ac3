// The contract of two versions compared: what of the next one hurts callers who rely on the served one. Pure. Which versions are
// compared, and when, is decided in moved-callers.ts.
import type { Break } from '../api/contract.ts';
import type { Manifest } from '../manifest.ts';
import { answerBreaks } from './answers.ts';
import { featureBreaks } from './features.ts';
import { inputBreaks } from './inputs.ts';
import { labelBreaks } from './labels.ts';
import { limitBreaks } from './limits.ts';
import { outputBreaks } from './outputs.ts';
import { pipelineBreaks } from './pipelines.ts';
import { recordBreaks } from './records.ts';

/**
 * Every way in which a version hurts callers of another one. What is added and hurts nobody is not among them: wider inputs, larger
 * limits, more outputs behind the ones that are there.
 * @returns empty if every request that the served version answers is answered by the next one in the same form
 * @example
 * contractBreaks(classifier, regressor).map(describeBreak);
 * // ["input 'torque': FP32 [-1,1] becomes nothing: callers that send tensors get 400, because the model has no such input", …]
 */
export function contractBreaks(served: Manifest, next: Manifest): Break[] {
  const inputs = inputBreaks(served.signature, next.signature);
  return [
    ...inputs,
    ...featureBreaks(served, next),
    // Inputs of another form say already what callers cannot send.
    ...(inputs.length === 0 ? recordBreaks(served.signature, next.signature) : []),
    ...limitBreaks(served, next),
    ...outputBreaks(served.signature, next.signature),
    ...labelBreaks(served, next),
    ...answerBreaks(served, next),
    ...pipelineBreaks(served, next),
  ];
}

const nouns: Record<Break['part'], string> = {
  ...{
    input: 'input',
    output: 'output',
    features: 'features of',
    labels: 'labels of',
    limit: 'limit of',
    answer: 'answer',
    pipeline: 'pipeline',
  },
};

/** The part that changes, without the callers it hurts: `input 'x'`. */
export function describePart({ part, name }: Break): string {
  return `${nouns[part]} ${name}`;
}

/** One sentence. */
export function describeBreak(found: Break): string {
  return `${describePart(found)}: ${found.was} becomes ${found.becomes}: ${found.who} ${found.how}`;
}
