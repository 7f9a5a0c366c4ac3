// Names of classes that the model's own graph gives: as good as a file of labels, where no file is given.
import type { ColumnNames, OutputRole } from '../../registry/output-role.ts';
import type { Signature } from '../../registry/signature.ts';
import { inputCodes } from '../onnx/classes/input-codes.ts';
import type { Sample } from './samples.ts';
import type { Source } from './source.ts';

type Label = string | number;

/** Names shown of a long list. */
const mostShown = 12;

/**
 * @param samples tell the size of a variable last dimension
 * @returns labels by output, one for each column of scores
 */
export function graphLabels(
  roles: readonly OutputRole[] | null,
  { outputs }: Signature,
  [sample]: readonly Sample[],
): Record<string, Label[]> {
  const labels = outputs.flatMap(({ name, shape }): [string, Label[]][] => {
    const names = namesOf(name, roles ?? []);
    const seen = sample?.outputs.find((output) => output.name === name)?.shape;
    const width = seen?.at(-1) ?? shape.at(-1);
    return names === null || names.length !== width || shape.length !== 2 ? [] : [[name, names]];
  });
  return Object.fromEntries(labels);
}

/**
 * Remarks of the graph on its classes that a publisher should know.
 * @param areGiven whether the publisher has named the classes
 */
export function labelNotes({ onnx, labels, roles }: Source, areGiven: boolean): string[] {
  const known = roles ?? [];
  const codes = onnx === null || areGiven ? [] : inputCodes(onnx.graph, known);
  return [
    ...Object.entries(labels).map(
      ([output, names]) =>
        `the ZipMap behind output '${output}' was removed: it is now the tensor of probabilities, its ${names.length} class labels are in the manifest`,
    ),
    ...known
      .filter(({ isPairs }) => isPairs === true)
      .map(
        ({ output }) =>
          `output '${output}' scores pairs of classes, by whose votes the label is chosen: none of its columns is the score of one class`,
      ),
    ...codes.map(
      ({ input, output, names }) =>
        `the label is written as the graph encodes input '${input}': if the truth is written like that input, give its classes in the order of the columns (${briefly(names)}) as --labels ${output}=FILE`,
    ),
  ];
}

export function describeLabels(output: string, labels: readonly Label[]): string {
  return `the classes of output '${output}' are, in the order of its columns, ${briefly(labels)}: the graph names them`;
}

function briefly(labels: readonly Label[]): string {
  return `${labels.slice(0, mostShown).join(', ')}${labels.length > mostShown ? ', …' : ''}`;
}

/** As the label beside the scores calls them, else as a classifier behind them does. */
function namesOf(output: string, roles: readonly OutputRole[]): Label[] | null {
  const own = roles.find((role) => role.output === output);
  const said = roles.flatMap(({ says }): ColumnNames[] => (says?.[output] === undefined ? [] : [says[output]]));
  const names = [...said, own?.columns].find((each) => Array.isArray(each));
  if (!Array.isArray(names)) return null;
  return names.map((label) => (typeof label === 'string' || Number.isSafeInteger(label) ? label : String(label)));
}
