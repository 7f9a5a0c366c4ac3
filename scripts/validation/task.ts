// The task of a model, by its judged outputs and by the kind of its truth: it tells two classes apart, or several, or says a number.
import { invalid } from '../../registry/errors.ts';
import type { Evaluation } from '../../registry/evaluation.ts';
import { rowElements } from '../../registry/feature.ts';
import type { ColumnNames } from '../../registry/output-role.ts';
import { type Answer, outputRows } from './answers.ts';
import { ClassNames, isNumber, isTruthValue, plainLabel, seenClasses } from './class-names.ts';
import { type JudgedModel, type JudgedOutputs, judgedOutputs, type TaskOptions } from './judged-outputs.ts';
import { numbersPerRow, textsPerRow } from './output-rows.ts';

/** The predictions for the rows of the test data. */
export type Predictions = Classification | Regression;

export interface Classification {
  readonly task: 'binary' | 'multiclass';
  readonly outputs: { readonly label?: string; readonly scores?: string };
  /** Classes of the scores in the order of their columns, then those that only the label or the truth has. */
  readonly classes: readonly string[];
  /** Where the order of the classes comes from; null for classes without scores. */
  readonly order: Evaluation['order'] | null;
  /** Index of the positive class; null for more than two. */
  readonly positive: number | null;
  readonly truth: readonly number[];
  readonly predicted: readonly number[];
  /** Per row and column, as the model gives them; null where there are none, or none whose order is known. */
  readonly scores: readonly (readonly number[])[] | null;
  /** Why there are no scores. */
  readonly unscored: string | null;
}

export interface Regression {
  readonly task: 'regression';
  readonly outputs: { readonly value: string };
  readonly truth: readonly number[];
  readonly predicted: readonly number[];
}

/** @throws {PopserveError} INVALID_ARGUMENT if outputs, truth and options do not fit together, or could mean several things */
export function readPredictions(
  answers: readonly Answer[],
  truth: readonly string[],
  model: JudgedModel,
  options: TaskOptions,
): Predictions {
  const judged = judgedOutputs(model, options);
  const { label, numbers } = judged;
  if (numbers?.datatype === 'BYTES') throw invalid(`expected numbers in output '${numbers.name}', it holds text`);
  const rows = numbers === null ? null : numbersPerRow(outputRows(answers, numbers.name).tensors);
  const width = rows?.[0]?.length ?? null;
  if (isRegression(judged, width, truth, options)) return readRegression(judged, rows ?? [], truth);
  const said = label === null ? null : textsPerRow(outputRows(answers, label.name).tensors);
  const named = width === null ? null : namesOfColumns(judged, width, [...truth, ...(said ?? [])], options);
  const unscored = judged.unscored ?? (rows === null || width === null ? null : unscoredBy(judged, rows, named));
  const scores = rows === null || unscored !== null ? null : rows.map(asColumns);
  const classes = classesOf(named, said, truth, judged);
  const predicted = said === null ? (scores ?? []).map(largestAt) : said.map(readerOf(judged, named, classes));
  const isBinary = (scores?.[0]?.length ?? named?.length ?? classes.length) === 2;
  const task = isBinary ? 'binary' : 'multiclass';
  if (options.task !== undefined && options.task !== task) {
    throw invalid(`expected a ${options.task} task (--task), the classes are ${brief(classes)}`);
  }
  const known = new ClassNames(classes);
  return {
    task,
    outputs: {
      ...(label === null ? {} : { label: label.name }),
      ...(numbers === null || scores === null ? {} : { scores: numbers.name }),
    },
    classes,
    order: named === null ? null : orderOf(judged, width, options),
    positive: isBinary ? positiveOf(classes, options.positive) : null,
    truth: truth.map((text) => known.indexOf(text)),
    predicted,
    scores,
    unscored,
  };
}

/**
 * Checks before anything is run whether each class in the truth is one that the model knows.
 * @throws {PopserveError} INVALID_ARGUMENT naming the first that is not, or what cannot be known
 */
export function checkTruth(truth: readonly string[], model: JudgedModel, options: TaskOptions): void {
  const judged = judgedOutputs(model, options);
  const { numbers } = judged;
  const width = numbers === null ? null : numbers.shape.length < 2 ? 1 : (rowElements(numbers) ?? -1);
  if (width === -1 || isRegression(judged, width, truth, options)) return;
  const named = width === null ? null : namesOfColumns(judged, width, truth, options);
  if (named !== null) checkNames(named, truth);
}

/** @param width columns of the judged numbers; null without them */
function isRegression(
  { label, numbers, says, columns, isShare, isClass }: JudgedOutputs,
  width: number | null,
  truth: readonly string[],
  { task, positive }: TaskOptions,
): boolean {
  if (task !== undefined) return task === 'regression';
  if (positive !== undefined) return false;
  const areNumbers = truth.every(isNumber);
  if (label !== null) {
    if (numbers !== null && width === 1 && !isShare && areNumbers && Array.isArray(says)) {
      const known = new ClassNames(says.map(String));
      const odd = truth.find((text) => known.indexOf(text) === -1);
      if (odd !== undefined) {
        throw invalid(
          `output '${label.name}' says ${says.join(' or ')}, the truth has ${odd}: say --task regression if it is about output '${numbers.name}'`,
        );
      }
    }
    const isName = isClass || numbers !== null || label.datatype === 'BYTES' || label.datatype === 'BOOL';
    if (isName || !areNumbers) return false;
    throw invalid(
      `the graph does not show whether output '${label.name}' is a class or a value: say --task regression, or --task multiclass`,
    );
  }
  if (width !== 1 || Array.isArray(columns)) return false;
  const isYesOrNo = truth.every(isTruthValue);
  if (isShare) return areNumbers && !isYesOrNo;
  const name = numbers?.name ?? '';
  if (isYesOrNo) {
    throw invalid(
      `the truth is 0 or 1, and the graph does not show that output '${name}' is a probability: say --task binary, or --task regression`,
    );
  }
  if (areNumbers) return true;
  const text = truth.find((each) => !isNumber(each));
  throw invalid(
    `expected numbers in the truth for the value of output '${name}', got '${text}'; of a probability name the class as --positive`,
  );
}

function readRegression({ numbers }: JudgedOutputs, rows: readonly (readonly number[])[], truth: readonly string[]) {
  if (numbers === null) throw invalid('expected an output of numbers for a regression');
  const wide = rows.find((row) => row.length !== 1);
  if (wide !== undefined) {
    throw invalid(`expected one value a row in output '${numbers.name}' for a regression, got ${wide.length}`);
  }
  return {
    task: 'regression' as const,
    outputs: { value: numbers.name },
    truth: truth.map(numberOf),
    predicted: rows.map(([value = Number.NaN]) => value),
  };
}

/**
 * The classes of the columns; one probability stands for two.
 * @param seen texts in the truth, and what the label says
 * @returns null where the order is not known
 */
function namesOfColumns(
  { label, numbers, columns }: JudgedOutputs,
  width: number,
  seen: readonly string[],
  { positive }: TaskOptions,
): string[] | null {
  if (width > 1) {
    if (columns === 'column') return Array.from({ length: width }, (_, index) => String(index));
    return columns?.length === width ? columns.map(String) : null;
  }
  if (Array.isArray(columns) && columns.length === 2) return columns.map(String);
  const own = Array.isArray(columns) && columns.length === 1 ? String(columns[0]) : positive;
  if (own !== undefined) return [otherThan(own, seen), own];
  if (label !== null) return null;
  const odd = seen.find((text) => !isTruthValue(text));
  if (odd === undefined) return ['0', '1'];
  throw invalid(
    `output '${numbers?.name}' is the probability of one class, and the truth has '${odd}': name the class as --positive`,
  );
}

function otherThan(own: string, seen: readonly string[]): string {
  const known = new ClassNames([own]);
  const others = [...new Set(seen.map(plainLabel).filter((text) => plainLabel(own) !== text))];
  const [other = `not ${own}`, ...more] = known.indexOf(own) === 0 ? others : [];
  if (more.length === 0) return other;
  throw invalid(`expected two classes, '${own}' and another one, the truth has ${brief(others)}`);
}

/** Why these scores cannot be judged; null where they can. */
function unscoredBy(
  { label, numbers, isShare }: JudgedOutputs,
  rows: readonly (readonly number[])[],
  named: readonly string[] | null,
): string | null {
  const name = numbers?.name ?? '';
  const isOne = rows[0]?.length === 1;
  if (named === null) {
    const option = isOne ? '--positive CLASS' : `--labels ${name}=FILE`;
    const unknown = `the graph does not show which class ${isOne ? 'the score' : 'each column'} of output '${name}' belongs to: say it with ${option}`;
    if (label === null) throw invalid(unknown);
    return unknown;
  }
  const odd = rows.flatMap((row, index) => (row.some(Number.isNaN) ? [index + 1] : []));
  const outside = rows.findIndex(([value = 0]) => isOne && !(value >= 0 && value <= 1));
  const fault =
    odd.length > 0
      ? `the scores of ${odd.length} of ${rows.length} rows are NaN (the first is row ${odd[0]})`
      : outside !== -1 && !isShare && label === null
        ? `output '${name}' is no probability: row ${outside + 1} has ${rows[outside]?.[0]}`
        : null;
  if (fault !== null && label === null) throw invalid(`${fault}: no class can be told from it`);
  return fault;
}

function classesOf(
  named: readonly string[] | null,
  said: readonly string[] | null,
  truth: readonly string[],
  { says }: JudgedOutputs,
): string[] {
  if (named === null) return seenClasses(said ?? [], truth);
  checkNames(named, truth);
  // A label may say more than the scores do: that it rejects a row.
  const columnOf = columnReader(says, named);
  const others = (said ?? []).filter((text) => columnOf(text) === -1);
  return [...named, ...seenClasses(others, [])];
}

/** From what the label says to the index of its class. */
function readerOf(
  { says }: JudgedOutputs,
  named: readonly string[] | null,
  classes: readonly string[],
): (text: string) => number {
  const [columnOf, names] = [columnReader(says, named ?? classes), new ClassNames(classes)];
  return (text) => {
    const column = columnOf(text);
    return column === -1 ? names.indexOf(text) : column;
  };
}

/** From what the label says to the column that it means: by what the graph shows, else by name. */
function columnReader(says: ColumnNames | null, names: readonly string[]): (text: string) => number {
  if (says === 'column') return (text) => (/^\d+$/.test(text) && Number(text) < names.length ? Number(text) : -1);
  const known = new ClassNames(names);
  const places = new Map((says ?? []).map((value, index) => [String(value), index]));
  return (text) => places.get(text) ?? known.indexOf(text);
}

function checkNames(names: readonly string[], truth: readonly string[]): void {
  const known = new ClassNames(names);
  const missing = truth.find((text) => known.indexOf(text) === -1);
  if (missing === undefined) return;
  throw invalid(
    `the model scores ${names.length} classes (${brief(names)}), the test data has '${missing}' in the truth; name them with --labels`,
  );
}

function orderOf(
  { order, columns }: JudgedOutputs,
  width: number | null,
  { positive }: TaskOptions,
): Classification['order'] {
  return width === 1 && positive !== undefined && !Array.isArray(columns) ? 'positive' : order;
}

/** One probability stands for two. */
function asColumns(row: readonly number[]): readonly number[] {
  return row.length === 1 ? [1 - (row[0] ?? 0), row[0] ?? 0] : row;
}

function positiveOf(classes: readonly string[], wanted: string | undefined): number {
  if (wanted === undefined) return 1;
  const index = new ClassNames(classes).indexOf(wanted);
  if (index === -1) throw invalid(`expected the positive class to be one of ${brief(classes)}, got '${wanted}'`);
  return index;
}

function largestAt(row: readonly number[]): number {
  return row.reduce((at, value, index) => (value > (row[at] ?? Number.NEGATIVE_INFINITY) ? index : at), 0);
}

function numberOf(text: string): number {
  const number = Number(text);
  if (!Number.isNaN(number)) return number;
  throw invalid(`expected numbers for the truth of a regression, got '${text}'`);
}

function brief(names: readonly string[]): string {
  return names.length > 12 ? `${names.slice(0, 12).join(', ')}, …` : names.join(', ');
}
