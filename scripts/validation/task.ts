// What a model does, by its outputs and by what the truth looks like: tells two classes apart, or several, or says a number.
import { invalid, type PopserveError } from '../../registry/errors.ts';
import type { Task } from '../../registry/evaluation.ts';
import { rowElements } from '../../registry/feature.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { isFloat, type Signature, type TensorSpec } from '../../registry/signature.ts';
import { elementsOf, type NumericDatatype } from '../../worker/protocol/elements.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { type Answer, outputRows } from './answers.ts';

export interface TaskOptions {
  readonly task?: Task;
  /** Output that is judged: the scores of a classifier, the value of a regression. */
  readonly output?: string;
  readonly positive?: string;
}

/** What the rows of the test data were predicted to be. */
export type Predictions = Classification | Regression;

export interface Classification {
  readonly task: 'binary' | 'multiclass';
  readonly outputs: { readonly label?: string; readonly scores?: string };
  readonly classes: readonly string[];
  /** Index of the positive class; null for more than two. */
  readonly positive: number | null;
  readonly truth: readonly number[];
  readonly predicted: readonly number[];
  /** Per row and class, as the model gives them; null for a model that says only the label. */
  readonly scores: readonly (readonly number[])[] | null;
}

export interface Regression {
  readonly task: 'regression';
  readonly outputs: { readonly value: string };
  readonly truth: readonly number[];
  readonly predicted: readonly number[];
}

interface Outputs {
  readonly label: TensorSpec | undefined;
  readonly scores: TensorSpec | undefined;
}

/**
 * @param labels class labels by output, as the manifest has them
 * @throws {PopserveError} INVALID_ARGUMENT if outputs and truth do not fit together
 */
export function readPredictions(
  answers: readonly Answer[],
  truth: readonly string[],
  model: Pick<Manifest, 'signature' | 'labels'>,
  options: TaskOptions,
): Predictions {
  const outputs = judgedOutputs(model.signature, options.output);
  const { label, scores } = outputs;
  const scoreRows = scores === undefined ? null : numbersPerRow(outputRows(answers, scores.name).tensors);
  if (options.task === 'regression' || (options.task === undefined && looksNumeric(outputs, scoreRows, truth))) {
    if (scores === undefined || scoreRows === null) throw invalid('expected an output of floats to judge as a number');
    return {
      task: 'regression',
      outputs: { value: scores.name },
      truth: truth.map((text) => numberOf(text)),
      predicted: scoreRows.map((row) => row[0] ?? Number.NaN),
    };
  }
  const said = label === undefined ? null : textsPerRow(outputRows(answers, label.name).tensors);
  const shares = scoreRows === null ? null : asTwoColumns(scoreRows);
  const given = scores === undefined ? undefined : model.labels?.[scores.name];
  const classes = findClasses({ truth, said, scores: shares, given });
  const task = classes.length === 2 ? 'binary' : 'multiclass';
  if (options.task !== undefined && options.task !== task) {
    throw invalid(`expected a ${options.task} task, the classes are ${classes.join(', ')}`);
  }
  return {
    task,
    outputs: {
      ...(label === undefined ? {} : { label: label.name }),
      ...(scores === undefined ? {} : { scores: scores.name }),
    },
    classes,
    positive: task === 'binary' ? positiveOf(classes, options.positive) : null,
    truth: truth.map((text) => classIndex(classes, plainLabel(text))),
    predicted: said?.map((text) => classIndex(classes, text)) ?? (shares ?? []).map(largestAt),
    scores: shares,
  };
}

/**
 * What can be told before anything is run: whether each class in the truth is one that the model's labels name.
 * @throws {PopserveError} INVALID_ARGUMENT naming the first that is not
 */
export function checkTruth(
  truth: readonly string[],
  { signature, labels }: Pick<Manifest, 'signature' | 'labels'>,
  options: TaskOptions,
): void {
  const { scores } = judgedOutputs(signature, options.output);
  const given = scores === undefined ? undefined : labels?.[scores.name];
  if (options.task === 'regression' || given === undefined) return;
  const classes = given.map((label) => plainLabel(String(label)));
  const missing = truth.map(plainLabel).find((name) => classIndex(classes, name) === -1);
  if (missing !== undefined) throw otherClasses(classes, `'${missing}' in the truth`);
}

/** The label is text or an integer, one for each row; the scores are floats. */
function judgedOutputs({ outputs }: Signature, wanted: string | undefined): Outputs {
  if (wanted !== undefined && !outputs.some(({ name }) => name === wanted)) {
    throw invalid(`the model has no output '${wanted}'; it has ${outputs.map(({ name }) => name).join(', ')}`);
  }
  const isOne = (spec: TensorSpec) => spec.shape.length <= 1 || rowElements(spec) === 1;
  const floats = outputs.filter(({ datatype, name }) => isFloat(datatype) && (wanted ?? name) === name);
  const others = outputs.filter((spec) => !isFloat(spec.datatype) && isOne(spec));
  const scores = floats.find((spec) => spec.shape.length <= 2) ?? floats[0];
  const label = wanted === undefined || scores !== undefined ? others[0] : others.find(({ name }) => name === wanted);
  if (scores === undefined && label === undefined) {
    throw invalid(`the model has no output that could be judged: ${outputs.map(({ name }) => name).join(', ')}`);
  }
  return { label, scores };
}

/** One float for each row that is no probability of a class, or a truth that is no name of one. */
function looksNumeric({ label }: Outputs, scores: readonly (readonly number[])[] | null, truth: readonly string[]) {
  if (label !== undefined || scores === null || scores.some((row) => row.length !== 1)) return false;
  const isYesOrNo = truth.every((text) => ['0', '1', 'true', 'false'].includes(plainLabel(text)));
  const areShares = scores.every(([value = Number.NaN]) => value >= 0 && value <= 1);
  return !(isYesOrNo && areShares) && truth.every((text) => !Number.isNaN(Number(text)));
}

interface ClassEvidence {
  readonly truth: readonly string[];
  readonly said: readonly string[] | null;
  readonly scores: readonly (readonly number[])[] | null;
  readonly given: readonly (string | number)[] | undefined;
}

/**
 * The names of the classes in the order of the scores: those of the manifest; else what the label says where a score is the
 * largest; else 0, 1, 2 … ; else the names in the truth in their order, as most libraries number them.
 */
function findClasses({ truth, said, scores, given }: ClassEvidence): string[] {
  const seen = new Set([...truth.map(plainLabel), ...(said ?? [])]);
  const width = scores?.[0]?.length;
  if (width === undefined) return [...seen].sort(byNumberThenName);
  const classes =
    given?.map((label) => plainLabel(String(label))) ?? namesBySaid(width, said, scores) ?? numbered(width, seen);
  const missing = [...seen].find((name) => classIndex(classes, name) === -1);
  if (classes.length !== width || missing !== undefined) {
    throw otherClasses(classes, missing === undefined ? `${classes.length} names` : `'${missing}' in the truth`, width);
  }
  return classes;
}

function otherClasses(classes: readonly string[], got: string, width = classes.length): PopserveError {
  return invalid(
    `the model scores ${width} classes (${brief(classes)}), the test data has ${got}; name them with --labels`,
  );
}

/** By its name; where the classes have names that are no numbers, by its number as well. -1 if it is none of them. */
function classIndex(classes: readonly string[], text: string): number {
  const index = classes.indexOf(text);
  if (index !== -1 || !/^\d+$/.test(text) || Number(text) >= classes.length) return index;
  return classes.some((name) => name !== '' && !Number.isNaN(Number(name))) ? -1 : Number(text);
}

function namesBySaid(width: number, said: ClassEvidence['said'], scores: ClassEvidence['scores']): string[] | null {
  if (said === null || scores === null) return null;
  const names = new Map<number, string>();
  for (const [row, name] of said.entries()) {
    const at = largestAt(scores[row] ?? []);
    if (!names.has(at)) names.set(at, name);
  }
  return names.size === width ? Array.from({ length: width }, (_, index) => names.get(index) ?? '') : null;
}

function numbered(width: number, seen: ReadonlySet<string>): string[] {
  const numbers = Array.from({ length: width }, (_, index) => String(index));
  if ([...seen].every((name) => numbers.includes(name))) return numbers;
  if (width === 2 && [...seen].every((name) => name === 'true' || name === 'false')) return ['false', 'true'];
  return [...seen].sort(byNumberThenName);
}

/** One probability stands for two. */
function asTwoColumns(rows: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return rows.map((row) => (row.length === 1 ? [1 - (row[0] ?? 0), row[0] ?? 0] : row));
}

function positiveOf(classes: readonly string[], wanted: string | undefined): number {
  if (wanted === undefined) return 1;
  const index = classes.indexOf(plainLabel(wanted));
  if (index === -1) throw invalid(`expected the positive class to be one of ${classes.join(', ')}, got '${wanted}'`);
  return index;
}

/** `1`, `1.0` and `01` are the same class; so are `True` and `true`. */
function plainLabel(text: string): string {
  const trimmed = text.trim();
  if (/^(true|false)$/i.test(trimmed)) return trimmed.toLowerCase();
  return trimmed !== '' && Number.isFinite(Number(trimmed)) ? String(Number(trimmed)) : trimmed;
}

function numbersPerRow(tensors: readonly Tensor[]): number[][] {
  return tensors.flatMap(({ datatype, data, shape }) => {
    const elements = Array.from(
      elementsOf(datatype as NumericDatatype, data as Uint8Array) as ArrayLike<number>,
      Number,
    );
    return cutRows(elements, shape);
  });
}

function textsPerRow(tensors: readonly Tensor[]): string[] {
  return tensors.flatMap(({ datatype, data, shape }) => {
    const elements =
      data instanceof Uint8Array
        ? Array.from(elementsOf(datatype as NumericDatatype, data) as ArrayLike<number | bigint>, String)
        : data.map((bytes) => new TextDecoder().decode(bytes));
    return cutRows(elements, shape).map(([text = '']) => plainLabel(text));
  });
}

function cutRows<T>(elements: readonly T[], shape: readonly number[]): T[][] {
  const rows = shape[0] ?? 1;
  const size = elements.length / rows;
  return Array.from({ length: rows }, (_, row) => elements.slice(row * size, (row + 1) * size));
}

function largestAt(row: readonly number[]): number {
  return row.reduce((at, value, index) => (value > (row[at] ?? Number.NEGATIVE_INFINITY) ? index : at), 0);
}

function numberOf(text: string): number {
  const number = Number(text);
  if (!Number.isNaN(number)) return number;
  throw invalid(`expected numbers for the truth of a regression, got '${text}'`);
}

function byNumberThenName(a: string, b: string): number {
  return Number(a) - Number(b) || (a < b ? -1 : 1);
}

function brief(names: readonly string[]): string {
  return names.length > 12 ? `${names.slice(0, 12).join(', ')}, …` : names.join(', ');
}
