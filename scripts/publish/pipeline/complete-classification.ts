// The step `classify` of a classifier, from the command line, a folder or the graph; each part with where it comes from.
import { invalid } from '../../../registry/errors.ts';
import type { OutputRole } from '../../../registry/output-role.ts';
import type { Classification } from '../../../registry/pipeline/classify.ts';
import type { Signature, TensorSpec } from '../../../registry/signature.ts';
import type { Labels } from './box-options.ts';
import type { PipelineOptions } from './options.ts';

/** Classes in an answer that asks for no other number. */
const usualTopK = 5;

/**
 * @param ownLabels of an output: given, or of the graph
 * @param folderLabels of the folder or an export, where the output has none
 * @throws {PopserveError} INVALID_ARGUMENT where nothing says which output or classes are meant
 */
export function completeClassification(
  { folder, activation, exported }: PipelineOptions,
  model: {
    readonly signature: Signature;
    readonly ownLabels: Readonly<Record<string, readonly (string | number)[]>>;
    readonly folderLabels: Labels | null;
    readonly roles: readonly OutputRole[] | undefined;
  },
): { after: Classification; rows: (readonly [step: string, from: string])[] } {
  const output = scoresOutput(model.signature);
  const labels = model.ownLabels[output.name]?.map(String) ?? model.folderLabels?.names;
  const classes = output.shape.at(-1) ?? -1;
  if (labels === undefined) {
    throw invalid(
      `nothing names the ${classes} classes of output '${output.name}': give --labels FILE, or a config.json with id2label`,
    );
  }
  if (classes !== -1 && classes !== labels.length) {
    const from = model.folderLabels?.from.split(':')[0] ?? '--labels';
    throw invalid(`${from} names ${labels.length} classes, output '${output.name}' [${output.shape}] has ${classes}`);
  }
  const [how, from] = activationOf(activation, folder, model.roles, output.name, {
    ...{ isExport: exported !== null, classes: labels.length },
  });
  return {
    after: {
      step: 'classify',
      output: output.name,
      activation: how,
      labels: [...labels],
      topK: Math.min(usualTopK, labels.length),
    },
    rows: [[`${how === 'none' ? 'scores as they are' : how}, ${labels.length} classes`, from]],
  };
}

function scoresOutput({ outputs }: Signature): TensorSpec {
  const [output, ...others] = outputs.filter(({ datatype }) => /^(FP|BF)/.test(datatype));
  if (output !== undefined && others.length === 0) return output;
  throw invalid(
    `expected one output with a score for each class, the model has ${outputs.map(({ name }) => `'${name}'`).join(', ')}`,
  );
}

function activationOf(
  said: Classification['activation'] | null,
  folder: PipelineOptions['folder'],
  roles: readonly OutputRole[] | undefined,
  output: string,
  { isExport, classes }: { readonly isExport: boolean; readonly classes: number },
): readonly [Classification['activation'], string] {
  if (said !== null) return [said, '--scores'];
  if (roles?.find((role) => role.output === output)?.isShare) return ['none', 'the graph ends in probabilities'];
  if (isExport) return ['none', 'an export of Ultralytics ends in scores'];
  const problem = folder?.config?.problem_type;
  if (problem === 'multi_label_classification') return ['sigmoid', 'config.json: problem_type'];
  if (problem === 'single_label_classification') return ['softmax', 'config.json: problem_type'];
  if (problem === 'regression') return ['none', 'config.json: problem_type'];
  // transformers' own pipelines decide so where the file says nothing.
  if (folder?.config?.id2label !== undefined && classes === 1) return ['sigmoid', 'one class, as transformers does it'];
  if (folder?.config?.id2label !== undefined) return ['softmax', 'several classes, as transformers does it'];
  throw invalid(
    `nothing says how the values of output '${output}' become scores: give --scores softmax (one class is right), sigmoid (each for itself) or none (they are scores already)`,
  );
}
