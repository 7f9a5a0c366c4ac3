// Which outputs of a detector hold what, from their shapes where they leave no choice, else asked for.
import { invalid } from '../../../registry/errors.ts';
import type { BoxFormOf } from '../../../registry/pipeline/boxes.ts';
import { isFloat, type Signature, type TensorSpec } from '../../../registry/signature.ts';
import { type BoxFormat, type BoxOptions, boxFormats } from './box-options.ts';

export interface Found<T> {
  readonly found: T;
  readonly from: string;
}

/**
 * The only output of a form that has one.
 * @throws {PopserveError} INVALID_ARGUMENT where several could be it
 */
export function oneOutput(signature: Signature, { boxes }: BoxOptions): Found<TensorSpec> {
  if (boxes !== undefined) return { found: outputNamed(signature, boxes, '--boxes-output'), from: '--boxes-output' };
  const candidates = signature.outputs.filter(isTable);
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0) return { found: only, from: 'the only output of three axes' };
  throw invalid(`which output holds the boxes: give --boxes-output NAME; the model has ${listed(signature.outputs)}`);
}

/**
 * The output of boxes and that of scores.
 * @throws {PopserveError} INVALID_ARGUMENT where the shapes leave a choice
 */
export function twoOutputs(
  signature: Signature,
  { boxes, scores }: BoxOptions,
): Found<{ readonly boxes: TensorSpec; readonly scores: TensorSpec }> {
  const tables = signature.outputs.filter(isTable);
  const ask = () =>
    invalid(
      `which outputs hold boxes and scores: give --boxes-output NAME and --scores-output NAME; the model has ${listed(signature.outputs)}`,
    );
  const given = boxes === undefined ? null : outputNamed(signature, boxes, '--boxes-output');
  const scored = scores === undefined ? null : outputNamed(signature, scores, '--scores-output');
  const box = given ?? only(tables.filter((spec) => spec !== scored && spec.shape[2] === 4)) ?? null;
  const score = scored ?? (box && only(tables.filter((spec) => spec !== box && fitsBeside(spec, box)))) ?? null;
  if (box === null || score === null) throw ask();
  if (box.shape[2] !== 4 && box.shape[2] !== -1) {
    throw invalid(`output '${box.name}' [${box.shape}] holds no boxes: expected [N, boxes, 4]`);
  }
  if (!fitsBeside(score, box)) {
    throw invalid(
      `output '${box.name}' [${box.shape}] has ${box.shape[1]} boxes, output '${score.name}' [${score.shape}] scores ${score.shape[1]}`,
    );
  }
  const from = given && scored ? '--boxes-output, --scores-output' : `shapes [${box.shape}] and [${score.shape}]`;
  return { found: { boxes: box, scores: score }, from };
}

type YoloFormat = Pick<BoxFormOf<'yolo'>, 'candidates' | 'objectness'>;

/**
 * How candidates lie in YOLO's output.
 * @throws {PopserveError} INVALID_ARGUMENT where no way fits the number of classes, or several do
 */
export function yoloFormat(
  { name, shape }: TensorSpec,
  classes: number,
  said: BoxFormat | undefined,
): Found<YoloFormat> {
  const [, second = 0, third = 0] = shape;
  const ways = (['rows', 'rows-objectness', 'columns', 'columns-objectness'] as const).map((way) => boxFormats[way]);
  const width = (way: YoloFormat) => (way.objectness ? 5 : 4) + classes;
  const axis = (way: YoloFormat) => (way.candidates === 'rows' ? third : second);
  if (said !== undefined) {
    const way = boxFormats[said];
    if (!('candidates' in way))
      throw invalid(
        `--boxes-format ${said} is of decoded boxes; yolo has rows, rows-objectness, columns or columns-objectness`,
      );
    if (axis(way) !== -1 && axis(way) !== width(way)) {
      throw invalid(
        `--boxes-format ${said}: ${classes} classes need ${width(way)} values for each candidate, output '${name}' [${shape}] has ${axis(way)}`,
      );
    }
    return { found: way, from: '--boxes-format' };
  }
  const fitting = ways.filter((way) => axis(way) === width(way));
  const [way, ...others] = fitting;
  if (way !== undefined && others.length === 0) return { found: way, from: `shape [${shape}] and ${classes} classes` };
  if (way !== undefined) {
    throw invalid(
      `how candidates lie in output '${name}' [${shape}]: give --boxes-format rows, rows-objectness, columns or columns-objectness`,
    );
  }
  const suppressed = third === 6 ? suppressedHint : '';
  throw invalid(
    `${classes} classes need ${classes + 4} values for each candidate, or ${classes + 5} with an objectness; output '${name}' [${shape}] has neither${suppressed}`,
  );
}

const suppressedHint =
  '. Six values are boxes after non-maximum suppression, which is not supported: export with nms=False, end2end=False';

function isTable({ datatype, shape }: TensorSpec): boolean {
  return isFloat(datatype) && shape.length === 3;
}

function fitsBeside({ shape }: TensorSpec, boxes: TensorSpec): boolean {
  const [own = -1, other = -1] = [shape[1], boxes.shape[1]];
  return shape.length === 3 && (own === other || own === -1 || other === -1);
}

function only<T>(list: readonly T[]): T | undefined {
  return list.length === 1 ? list[0] : undefined;
}

function outputNamed(signature: Signature, name: string, option: string): TensorSpec {
  const output = signature.outputs.find((each) => each.name === name);
  if (output === undefined)
    throw invalid(`${option}: the model has no output '${name}', it has ${listed(signature.outputs)}`);
  if (isTable(output)) return output;
  throw invalid(`${option}: expected floats of three axes, output '${name}' is ${output.datatype} [${output.shape}]`);
}

function listed(outputs: readonly TensorSpec[]): string {
  return outputs.map(({ name, datatype, shape }) => `'${name}' ${datatype} [${shape}]`).join(', ');
}
