// Which outputs of a model are held against the truth, and which class each column of its scores is. Decided from the graph and the
// options alone, never from the rows: another order of the rows, or other rows, are judged alike.
import { invalid, type PopserveError } from '../../registry/errors.ts';
import type { Task } from '../../registry/evaluation.ts';
import { rowElements } from '../../registry/feature.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { ColumnNames, OutputRole } from '../../registry/output-role.ts';
import { isFloat, type TensorSpec } from '../../registry/signature.ts';

export interface TaskOptions {
  readonly task?: Task;
  /** The output that is judged, or a classifier's label and scores. */
  readonly outputs?: readonly string[];
  readonly positive?: string;
}

/** The facts known of a model before it is run. */
export type JudgedModel = Pick<Manifest, 'signature' | 'labels' | 'roles'>;

/** The outputs that speak of the prediction; at least one of them is there. */
export interface JudgedOutputs {
  /** Says the class. */
  readonly label: TensorSpec | null;
  /** Numbers: a score for each class, one probability, or the value of a regression. */
  readonly numbers: TensorSpec | null;
  /** The label where each column of the numbers is the largest; null where it is not known. */
  readonly says: ColumnNames | null;
  /** The classes of the columns, as they are called in answers and in the truth; null where nobody knows. */
  readonly columns: ColumnNames | null;
  readonly order: 'graph' | 'labels' | 'column' | null;
  /** Are the numbers probabilities, as far as the graph shows it? */
  readonly isShare: boolean;
  /** Does the graph show that the label is one of a class? */
  readonly isClass: boolean;
  /** Why a classifier's scores are left out, where they are. */
  readonly unscored: string | null;
}

interface Candidate extends OutputRole {
  readonly spec: TensorSpec;
}

/** Nothing that a model predicts. */
const noPredictions = new Set<OutputRole['role']>(['input', 'constant', 'count', 'confidence']);

/**
 * @throws {PopserveError} INVALID_ARGUMENT for an output that the model does not have, or where several could be meant: the message
 * lists them and names the option
 */
export function judgedOutputs(model: JudgedModel, options: TaskOptions): JudgedOutputs {
  const { outputs } = model.signature;
  const all = outputs.map((spec, index) => candidateOf(spec, index, model.roles));
  const wanted = options.outputs ?? [];
  const named = wanted.map((name) => {
    const found = all.find(({ output }) => output === name);
    if (found !== undefined) return found;
    throw invalid(`the model has no output '${name}' (--output); it has ${outputs.map(({ name }) => name).join(', ')}`);
  });
  const { label, numbers, unscored } = named.length > 0 ? ofNames(named, all, options) : unambiguous(all, options);
  if (label === null && numbers === null) throw ask(all, options);
  const says = label === null || numbers === null ? null : (label.says?.[numbers.output] ?? null);
  const order = numbers === null ? null : columnsOf(numbers, label, says, model.labels);
  return {
    label: label?.spec ?? null,
    numbers: numbers?.spec ?? null,
    says,
    columns: order?.columns ?? null,
    order: order?.order ?? null,
    isShare: numbers?.isShare === true,
    isClass: label?.role === 'label',
    unscored,
  };
}

interface Chosen {
  readonly label: Candidate | null;
  readonly numbers: Candidate | null;
  readonly unscored: string | null;
}

function candidateOf(spec: TensorSpec, index: number, roles: readonly OutputRole[] | undefined): Candidate {
  const known = roles?.find(({ output }) => output === spec.name);
  const role = isFloat(spec.datatype) ? 'number' : 'other';
  // Each by itself: an output that nothing is known of shares its prediction with no other.
  const own = { output: spec.name, role, head: -1 - index } as const;
  return { ...own, ...known, spec };
}

/** A model of one output means it, whatever it is. */
function onlyOutput(all: readonly Candidate[]): Candidate[] | null {
  const [only, ...others] = all;
  if (only === undefined || others.length > 0) return null;
  if (!noPredictions.has(only.role)) return [only];
  return [{ ...only, role: isFloat(only.spec.datatype) ? 'number' : 'other' }];
}

/** One value for each row. */
function isOne(spec: TensorSpec): boolean {
  return spec.shape.length <= 1 || rowElements(spec) === 1;
}

/** One value for each row, or a list of scores, also with axes of one element: [n,classes,1,1]. */
function isJudgeable({ spec }: Candidate): boolean {
  const wide = spec.shape.slice(1).filter((size) => size !== 1);
  return isOne(spec) || (isFloat(spec.datatype) && wide.length <= 1);
}

/** A named output is judged, with the outputs beside it that the graph shows to speak of the same. */
function ofNames(named: readonly Candidate[], all: readonly Candidate[], { task }: TaskOptions): Chosen {
  const [first, second, ...more] = named;
  if (first === undefined || more.length > 0) throw invalid('expected one --output, or a label and its scores');
  if (second !== undefined) {
    const label = named.find(({ spec }) => !isFloat(spec.datatype));
    const numbers = named.find(({ spec }) => isFloat(spec.datatype));
    if (label === undefined || numbers === undefined) {
      throw invalid(`expected of two --output a label and its scores, got ${named.map(describe).join(' and ')}`);
    }
    return { label, numbers, unscored: null };
  }
  if (task === 'regression') return { label: null, numbers: first, unscored: null };
  const head = all.filter((each) => each.head === first.head && each !== first);
  if (isFloat(first.spec.datatype)) {
    const labels = head.filter(({ role, says }) => role === 'label' && says?.[first.output] !== undefined);
    return { label: labels.length === 1 ? (labels[0] ?? null) : null, numbers: first, unscored: null };
  }
  return withScores(first, head);
}

function unambiguous(all: readonly Candidate[], { task }: TaskOptions): Chosen {
  const computed = all.filter(({ role }) => !noPredictions.has(role));
  const possible = onlyOutput(all) ?? computed.filter(isJudgeable);
  if (task === 'regression') {
    const values = possible.filter(({ spec, role }) => isOne(spec) && role !== 'label');
    const floats = values.filter(({ spec }) => isFloat(spec.datatype));
    const [value = null] = floats.length > 0 ? floats : values;
    return { label: null, numbers: (floats.length || values.length) === 1 ? value : null, unscored: null };
  }
  const heads = [...new Set(possible.map(({ head }) => head))].map((head) =>
    possible.filter((each) => each.head === head && each.role !== 'other'),
  );
  const known = heads.filter((outputs) => outputs.length > 0);
  const others = possible.filter(({ role }) => role === 'other');
  const [only] = known;
  const hasLabel = only?.some(({ role }) => role === 'label') === true;
  if (only !== undefined && known.length === 1 && (others.length === 0 || hasLabel)) return ofHead(only);
  const [other] = others;
  const isAlone = known.length === 0 && others.length === 1 && computed.length <= 1;
  return { label: isAlone && other !== undefined ? other : null, numbers: null, unscored: null };
}

function ofHead(outputs: readonly Candidate[]): Chosen {
  const [label, another] = outputs.filter(({ role }) => role === 'label');
  const numbers = outputs.filter(({ role }) => role === 'number');
  if (another !== undefined) return { label: null, numbers: null, unscored: null };
  if (label !== undefined) return withScores(label, numbers);
  return { label: null, numbers: onlyOf(numbers), unscored: null };
}

/** A label with the scores that it is chosen from. */
function withScores(label: Candidate, beside: readonly Candidate[]): Chosen {
  const numbers = beside.filter((each) => each.role === 'number' && isJudgeable(each) && isFloat(each.spec.datatype));
  const known = numbers.filter(({ output }) => label.says?.[output] !== undefined);
  const scores = onlyOf(known.length > 0 ? known : numbers);
  if (scores !== null || numbers.length === 0) return { label, numbers: scores, unscored: null };
  const names = numbers.map(({ output }) => `'${output}'`).join(', ');
  return {
    label,
    numbers: null,
    unscored: `${names} are all scores of '${label.output}': name one beside it with --output`,
  };
}

/** The only one, or the only one that holds probabilities. */
function onlyOf(numbers: readonly Candidate[]): Candidate | null {
  const shares = numbers.filter(({ isShare }) => isShare === true);
  const [only = null] = numbers.length === 1 ? numbers : shares.length === 1 ? shares : [];
  return only;
}

/** By --labels or a ZipMap, else by the graph; where there is no label a class is called by the number of its column. */
function columnsOf(
  numbers: Candidate,
  label: Candidate | null,
  says: ColumnNames | null,
  labels: Manifest['labels'],
): { columns: ColumnNames; order: 'graph' | 'labels' | 'column' } | null {
  const byGraph = says ?? numbers.columns ?? null;
  const given = labels?.[numbers.output];
  if (given !== undefined) {
    const isGraph = [says, numbers.columns].some((names) => String(names) === String(given));
    return { columns: [...given], order: isGraph ? 'graph' : 'labels' };
  }
  if (byGraph !== null) return { columns: byGraph, order: 'graph' };
  return label === null ? { columns: 'column', order: 'column' } : null;
}

function ask(all: readonly Candidate[], { task }: TaskOptions): PopserveError {
  const possible = all.filter((each) => isJudgeable(each) && !noPredictions.has(each.role));
  const listed = possible.length > 0 ? possible : all.filter(isJudgeable);
  if (listed.length === 0) {
    throw invalid(`the model has no output with one value or one row of scores a row: ${all.map(describe).join(', ')}`);
  }
  const what = task === 'regression' ? 'the value' : 'what the truth is about';
  return invalid(
    `${what} is not known to be one of the outputs ${listed.map(describe).join(', ')}: ` +
      'name it with --output NAME (a label and its scores: --output LABEL --output SCORES)',
  );
}

function describe({ spec: { name, datatype, shape } }: Candidate): string {
  return `'${name}' ${datatype} [${shape.join(',')}]`;
}
