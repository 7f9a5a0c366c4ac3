// Pictures of one line of writing: the steps of their height and width, and the step from the model's values to the text.
import { readFile } from 'node:fs/promises';
import { invalid } from '../../../registry/errors.ts';
import type { OutputRole } from '../../../registry/output-role.ts';
import type { Ctc } from '../../../registry/pipeline/ctc.ts';
import type { ImageStep, ImageStepOf } from '../../../registry/pipeline/image-input.ts';
import type { Signature, TensorSpec } from '../../../registry/signature.ts';
import { unreadable } from '../../unreadable.ts';

/** Where `--labels` and the options beside it say what the classes write. */
export interface WritingOptions {
  /** The output that `--labels OUTPUT=FILE` names; null: the only one of values over time. */
  readonly output: string | null;
  /** The file, for messages. */
  readonly file: string;
  readonly labels: readonly string[];
  readonly blank: Ctc['blank'];
  /** The model has a class for the space behind those of the file. */
  readonly space: boolean;
}

/**
 * The lines of a list of keys as they are: a space is a label like any other.
 * @throws {PopserveError} INVALID_ARGUMENT for a file that cannot be read, or a line that is empty
 */
export async function readKeys(file: string): Promise<string[]> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    throw unreadable(file, cause);
  }
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const empty = lines.indexOf('');
  if (lines.length === 0 || empty !== -1) {
    throw invalid(
      `${file}: expected one label a line, ${lines.length === 0 ? 'it is empty' : `line ${empty + 1} is empty`}; the blank has no line, --blank says where it stands`,
    );
  }
  return lines;
}

export interface LineSize {
  readonly height: number;
  readonly leastWidth: number;
  readonly mostWidth: number;
  /** What stands behind a short line, after normalisation. */
  readonly padding: number;
}

export function lineStep({ height, leastWidth, mostWidth, padding }: LineSize): ImageStepOf<'resize'> {
  return { step: 'resize', fit: 'height', height, filter: 'bilinear', leastWidth, mostWidth, padding };
}

/** @throws {PopserveError} INVALID_ARGUMENT for lines of another height or width than the model takes */
export function requireLineFit(
  step: ImageStep | undefined,
  { height, width }: { readonly height: number; readonly width: number },
  { name, shape }: TensorSpec,
): void {
  if (step?.step !== 'resize' || step.fit !== 'height') return;
  const { height: own, leastWidth, mostWidth } = step;
  const fits = (height === -1 || height === own) && (width === -1 || (width === leastWidth && width === mostWidth));
  if (fits) return;
  throw invalid(
    `--image-height and --image-width make lines ${own} high and ${leastWidth === mostWidth ? leastWidth : `${leastWidth} to ${mostWidth}`} wide, input '${name}' [${shape}] takes ${height === -1 ? 'any height' : `a height of ${height}`} and ${width === -1 ? 'any width' : `a width of ${width}`}`,
  );
}

/**
 * @param activation as `--scores` says it; null: by the graph
 * @returns the step and where it comes from
 * @throws {PopserveError} INVALID_ARGUMENT where the classes are not as many as the output has, or nothing says what its values are
 */
export function planCtc(
  { output: named, file, labels, blank, space }: WritingOptions,
  activation: string | null,
  { signature, roles }: { readonly signature: Signature; readonly roles: readonly OutputRole[] | undefined },
): { after: Ctc; row: readonly [step: string, from: string] } {
  const output = valuesOverTime(signature, named);
  const all = space ? [...labels, ' '] : [...labels];
  const classes = output.shape.at(-1) ?? -1;
  if (classes !== -1 && classes !== all.length + 1) {
    const hint =
      classes === all.length + 2 && !space ? '; --space adds one for the space behind the labels of the file' : '';
    throw invalid(
      `${file} has ${labels.length} labels, which are ${all.length + 1} classes with the blank${space ? ' and the space' : ''}; output '${output.name}' [${output.shape}] has ${classes}${hint}`,
    );
  }
  const [how, from] = sharesOf(activation, roles, output.name);
  return {
    after: { step: 'ctc', output: output.name, activation: how, labels: all, blank },
    row: [`text by CTC, ${all.length} labels, the blank ${blank}`, `${file}, --blank, ${from}`],
  };
}

function valuesOverTime({ outputs }: Signature, named: string | null): TensorSpec {
  const fitting = outputs.filter(({ datatype, shape }) => /^(FP|BF)/.test(datatype) && shape.length === 3);
  const [output, ...others] = named === null ? fitting : fitting.filter(({ name }) => name === named);
  if (output !== undefined && others.length === 0) return output;
  const known = outputs.map(({ name, datatype, shape }) => `'${name}' ${datatype} [${shape}]`).join(', ');
  const which = named === null ? 'one output' : `an output '${named}' (--labels)`;
  throw invalid(`expected ${which} of [rows, steps, classes] for a text, the model has ${known}`);
}

function sharesOf(
  said: string | null,
  roles: readonly OutputRole[] | undefined,
  output: string,
): readonly [Ctc['activation'], string] {
  if (said === 'softmax' || said === 'none') return [said, '--scores'];
  if (said !== null) throw invalid(`--scores ${said} does not go with image-to-text: expected softmax or none`);
  if (roles?.find((role) => role.output === output)?.isShare) return ['none', 'the graph ends in probabilities'];
  throw invalid(
    `nothing says what the values of output '${output}' are: give --scores softmax (logits) or none (probabilities already)`,
  );
}
