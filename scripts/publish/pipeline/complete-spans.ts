// The step `spans` of a model that marks parts of texts, by the folder's labels.
import { invalid } from '../../../registry/errors.ts';
import type { OutputRole } from '../../../registry/output-role.ts';
import type { Spans } from '../../../registry/pipeline/spans.ts';
import type { Signature } from '../../../registry/signature.ts';
import type { Labels } from './box-options.ts';
import type { PipelineOptions } from './options.ts';

/** @throws {PopserveError} INVALID_ARGUMENT where nothing names the tags, or as many as the output has not */
export function completeSpans(
  { activation }: PipelineOptions,
  {
    signature,
    roles,
    labels,
  }: {
    readonly signature: Signature;
    readonly roles: readonly OutputRole[] | undefined;
    readonly labels: Labels | null;
  },
): { after: Spans; rows: (readonly [step: string, from: string])[] } {
  const fitting = signature.outputs.filter(({ datatype, shape }) => /^(FP|BF)/.test(datatype) && shape.length === 3);
  const [output, ...others] = fitting;
  if (output === undefined || others.length > 0) {
    throw invalid(
      `expected one output of [texts, tokens, labels], the model has ${signature.outputs.map(({ name, shape }) => `'${name}' [${shape}]`).join(', ')}`,
    );
  }
  if (labels === null) {
    throw invalid(`nothing names the tags of output '${output.name}': expected a config.json with id2label`);
  }
  const { names, from } = labels;
  const tags = output.shape[2] ?? -1;
  if (tags !== -1 && tags !== names.length) {
    throw invalid(`${from} names ${names.length} tags, output '${output.name}' [${output.shape}] has ${tags}`);
  }
  if (activation === 'sigmoid') {
    throw invalid('--scores sigmoid does not go with token-classification: expected softmax or none');
  }
  const isShare = roles?.find((role) => role.output === output.name)?.isShare === true;
  const how = activation ?? (isShare ? 'none' : 'softmax');
  const howFrom =
    activation !== null ? '--scores' : isShare ? 'the graph ends in probabilities' : 'as transformers does it';
  const scheme = names.some((name) => /^[LEUS]-/.test(name)) ? 'bilou' : 'bio';
  return {
    after: { step: 'spans', output: output.name, activation: how, labels: [...names], scheme },
    rows: [
      [how === 'none' ? 'scores as they are' : how, howFrom],
      [`parts by ${scheme.toUpperCase()}, ${names.length} tags, merged as the strategy simple does it`, from],
    ],
  };
}
