// Class labels that the publisher brings along: a text file with one per line, for an output of the model.
import { readFile } from 'node:fs/promises';
import { PopserveError } from '../../registry/errors.ts';
import type { Signature, TensorSpec } from '../../registry/signature.ts';
import { unprocessable } from '../inspect/refusal.ts';
import { unreadable } from '../unreadable.ts';
import type { LabelsFile } from './options.ts';
import type { Sample } from './samples.ts';

export interface ReadLabels extends LabelsFile {
  readonly labels: readonly string[];
}

/**
 * UTF-8, one label per line in the order of the classes; blank lines at the end are none.
 * @throws PopserveError INVALID_ARGUMENT for a file that cannot be read or has no labels
 */
export async function readLabels(files: readonly LabelsFile[]): Promise<ReadLabels[]> {
  return Promise.all(
    files.map(async ({ output, file }) => {
      let text: string;
      try {
        text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
      } catch (cause) {
        throw unreadable(file, cause);
      }
      const labels = text
        .trimEnd()
        .split('\n')
        .map((line) => line.trim());
      if (labels.join('') === '') throw new PopserveError('INVALID_ARGUMENT', `${file} has no labels`);
      return { output, file, labels };
    }),
  );
}

/**
 * @param samples tell the size of a variable last dimension
 * @returns labels by output name
 * @throws PopserveError UNPROCESSABLE if a file belongs to no output, or has not one label for each class of its output
 */
export function assignLabels(
  files: readonly ReadLabels[],
  signature: Signature,
  samples: readonly Sample[],
): Record<string, readonly string[]> {
  const assigned = new Map<string, readonly string[]>();
  for (const file of files) {
    const output = outputOf(file, signature, samples);
    if (assigned.has(output.name)) throw unprocessable(`output '${output.name}' is given labels twice`);
    const classes = classCount(output, samples);
    if (classes !== null && classes !== file.labels.length) {
      throw unprocessable(
        `${file.file} has ${file.labels.length} labels, the last dimension of output ${describe(output)} has ${classes}`,
      );
    }
    assigned.set(output.name, file.labels);
  }
  return Object.fromEntries(assigned);
}

/** The output named; without a name the only one, or the only one with as many classes as there are labels. */
function outputOf(
  { output, file, labels }: ReadLabels,
  { outputs }: Signature,
  samples: readonly Sample[],
): TensorSpec {
  const known = outputs.map(describe).join(', ');
  if (output !== null) {
    const named = outputs.find(({ name }) => name === output);
    if (!named) throw unprocessable(`${file}: '${output}' is not an output of the model, which has ${known}`);
    if (isClassified(named)) return named;
    throw unprocessable(`${file}: output ${describe(named)} has no classes to label`);
  }
  const numeric = outputs.filter(isClassified);
  const fitting =
    numeric.length === 1 ? numeric : numeric.filter((spec) => classCount(spec, samples) === labels.length);
  const [only] = fitting;
  if (only && fitting.length === 1) return only;
  throw unprocessable(
    `${file} has ${labels.length} labels, which fit ${fitting.length} of the outputs ${known}: say which with --labels OUTPUT=FILE`,
  );
}

/** Outputs that the classification extension can work on. */
function isClassified({ datatype, shape }: TensorSpec): boolean {
  return datatype !== 'BYTES' && datatype !== 'BOOL' && shape.length > 0;
}

/** Size of the last dimension; null where it is variable and no sample tells it. */
function classCount({ name, shape }: TensorSpec, [sample]: readonly Sample[]): number | null {
  const size = shape.at(-1) ?? -1;
  if (size !== -1) return size;
  return sample?.outputs.find((output) => output.name === name)?.shape.at(-1) ?? null;
}

function describe({ name, datatype, shape }: TensorSpec): string {
  return `'${name}' ${datatype} [${shape.join(',')}]`;
}
