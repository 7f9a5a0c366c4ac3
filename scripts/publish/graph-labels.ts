// Names of classes that the model's own graph gives: as good as a file of labels, where no file is given.
import type { ColumnNames, OutputRole } from '../../registry/output-role.ts';
import type { Signature } from '../../registry/signature.ts';
import type { Sample } from './samples.ts';

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

export function describeLabels(output: string, labels: readonly Label[]): string {
  const more = labels.length > mostShown ? ', …' : '';
  return `the classes of output '${output}' are, in the order of its columns, ${labels.slice(0, mostShown).join(', ')}${more}: the graph names them`;
}

/** As the label beside the scores calls them, else as a classifier behind them does. */
function namesOf(output: string, roles: readonly OutputRole[]): Label[] | null {
  const own = roles.find((role) => role.output === output);
  const said = roles.flatMap(({ says }): ColumnNames[] => (says?.[output] === undefined ? [] : [says[output]]));
  const names = [...said, own?.columns].find((each) => Array.isArray(each));
  if (!Array.isArray(names)) return null;
  return names.map((label) => (typeof label === 'string' || Number.isSafeInteger(label) ? label : String(label)));
}
