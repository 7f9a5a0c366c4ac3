// Which columns of which value a value holds: what scores have in common with the value that a label was chosen from.

import { attributeOf, type GraphIndex, isMlOperator, isOperator, type Label } from '../graph-index.ts';
import type { NodeProto } from '../onnx_pb.ts';
import { classLabels, isScores } from './classifier-node.ts';

/** A value on the way back, and whether a larger element here was a larger one there (1) or a smaller one (-1). */
export interface Ancestor {
  readonly name: string;
  readonly sign: 1 | -1;
}

/** Columns of `root` in their order; `picks` is null where they are all there as they are. */
export interface Columns {
  readonly root: string;
  readonly picks: readonly number[] | null;
  readonly sign: 1 | -1;
}

/** Operators that keep the columns of their first input and their order from the smallest to the largest element. */
const rising = new Set([
  ...['Identity', 'Cast', 'CastLike', 'Dropout', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Clip'],
  ...['Softmax', 'LogSoftmax', 'Sigmoid', 'HardSigmoid', 'Exp', 'Log', 'Sqrt', 'Tanh', 'Relu', 'LeakyRelu', 'Softplus'],
]);
/** Operators that put several values of the same columns together, element by element. */
const unions = new Set(['Add', 'Sum', 'Mean', 'Max']);
/** Operators that make one number of a row. */
const reductions = new Set(['ReduceSum', 'ReduceL1', 'ReduceL2', 'ReduceMax', 'ReduceLogSumExp']);
/** Operators that stand between such a number and the row that it divides or is taken from. */
const adapters = new Set([
  ...['Identity', 'Cast', 'Reshape', 'Expand', 'Unsqueeze', 'Squeeze', 'Clip', 'Max', 'Add', 'Log', 'Where'],
]);

/** Columns that are looked at one by one. */
const mostPicked = 65_536;

/** The values with the same columns in the same places, from this one back to the one that other operators made. */
export function ancestors(index: GraphIndex, name: string): readonly Ancestor[] {
  return index.ask('ancestors', name, [{ name, sign: 1 }], () => {
    const node = index.producer(name);
    const source = node === undefined ? null : sameColumns(index, node);
    const own: Ancestor = { name, sign: 1 };
    if (source === null) return [own];
    const before = ancestors(index, source.name);
    return [own, ...before.map((each): Ancestor => ({ ...each, sign: each.sign === source.sign ? 1 : -1 }))];
  });
}

/** Where two values hold the same columns: 1 if they rise together, -1 if one falls where the other rises, null if they do not. */
export function relation(index: GraphIndex, one: string, other: string): 1 | -1 | null {
  const known = new Map(ancestors(index, one).map(({ name, sign }) => [name, sign]));
  for (const { name, sign } of ancestors(index, other)) {
    const before = known.get(name);
    if (before !== undefined) return before === sign ? 1 : -1;
  }
  return null;
}

/** The value that these columns were picked from, through operators that pick, repeat and reorder columns by constant numbers. */
export function columnsOf(index: GraphIndex, name: string): Columns {
  return index.ask('columns', name, { root: name, picks: null, sign: 1 }, () => findColumns(index, name));
}

function findColumns(index: GraphIndex, name: string): Columns {
  const last = ancestors(index, name).at(-1) ?? { name, sign: 1 };
  const whole: Columns = { root: last.name, picks: null, sign: last.sign };
  const node = index.producer(last.name);
  if (node === undefined) return whole;
  const signed = (columns: Columns): Columns => ({ ...columns, sign: columns.sign === last.sign ? 1 : -1 });
  if (isOperator(node, 'Concat') && isColumnAxis(node)) {
    const parts = node.input.map((input) => columnsOf(index, input));
    const picks = joined(parts);
    return picks === null ? whole : signed({ root: parts[0]?.root ?? name, picks, sign: parts[0]?.sign ?? 1 });
  }
  const picked = pickedBy(index, node);
  const [source] = node.input;
  if (picked === null || source === undefined) return whole;
  const from = columnsOf(index, source);
  const picks = from.picks === null ? picked : picked.map((at) => from.picks?.[at] ?? -1);
  return picks.some((at) => at < 0) ? whole : signed({ ...from, picks });
}

/** The names that classifiers in the graph give to the columns of a value that they, or several of one kind, have made. */
export function namesAt(index: GraphIndex, root: string): readonly Label[] | null {
  const node = index.producer(root);
  if (node === undefined) return null;
  if (isScores(node, root)) return classLabels(node);
  if (!unions.has(node.opType) || node.input.some((input) => index.constant(input) !== null)) return null;
  const all = node.input.map((input) => columnNames(index, input));
  const [first = null] = all;
  return first !== null && all.every((names) => JSON.stringify(names) === JSON.stringify(first)) ? first : null;
}

/** The names of a value's columns, where a classifier behind it names them and larger means likelier. */
export function columnNames(index: GraphIndex, name: string): readonly Label[] | null {
  return index.ask('names', name, null, () => {
    const { root, picks, sign } = columnsOf(index, name);
    const names = sign === 1 ? namesAt(index, root) : null;
    return names === null ? null : pick(names, picks);
  });
}

/** @returns null where a place is picked that is not there */
export function pick(names: readonly Label[], picks: readonly number[] | null): readonly Label[] | null {
  if (picks === null) return names;
  const picked = picks.flatMap((at) => names[at] ?? []);
  return picked.length === picks.length ? picked : null;
}

/** Each row of a value is divided or reduced by a number of the row itself: its order stays. */
function sameColumns(index: GraphIndex, node: NodeProto): Ancestor | null {
  const [first = '', second = ''] = node.input;
  if (isMlOperator(node, 'Normalizer')) return { name: first, sign: 1 };
  if (isMlOperator(node, 'Scaler')) {
    const scale = attributeOf(node, 'scale')?.floats ?? [];
    return scale.every((factor) => factor > 0) ? { name: first, sign: 1 } : null;
  }
  if (node.domain !== '' && node.domain !== 'ai.onnx') return null;
  if (rising.has(node.opType)) return { name: first, sign: 1 };
  if (node.opType === 'Neg') return { name: first, sign: -1 };
  const [left, right] = [index.constant(first), index.constant(second)];
  switch (node.opType) {
    case 'Add':
      if (right !== null) return { name: first, sign: 1 };
      return left === null ? null : { name: second, sign: 1 };
    case 'Sub':
      if (right !== null || isOfRow(index, second)) return { name: first, sign: 1 };
      return left === null ? null : { name: second, sign: -1 };
    case 'Mul':
      return right === null ? scaled(second, left) : scaled(first, right);
    case 'Div':
      return right === null && isOfRow(index, second) ? { name: first, sign: 1 } : scaled(first, right);
    default:
      return null;
  }
}

function scaled(name: string, factors: readonly Label[] | null): Ancestor | null {
  if (factors === null || factors.length === 0) return null;
  if (factors.every((factor) => Number(factor) > 0)) return { name, sign: 1 };
  return factors.every((factor) => Number(factor) < 0) ? { name, sign: -1 } : null;
}

function isOfRow(index: GraphIndex, name: string): boolean {
  const node = index.producer(name);
  if (node === undefined) return false;
  if (reductions.has(node.opType)) return true;
  return index.ask(
    'of row',
    name,
    false,
    () => adapters.has(node.opType) && node.input.some((input) => isOfRow(index, input)),
  );
}

function joined(parts: readonly Columns[]): readonly number[] | null {
  const [first] = parts;
  const isOne = parts.every(({ root, sign, picks }) => root === first?.root && sign === first.sign && picks !== null);
  const count = parts.reduce((sum, { picks }) => sum + (picks?.length ?? 0), 0);
  return isOne && count <= mostPicked ? parts.flatMap(({ picks }) => picks ?? []) : null;
}

function isColumnAxis(node: NodeProto): boolean {
  const axis = attributeOf(node, 'axis')?.i ?? 0n;
  return axis === 1n || axis === -1n;
}

/** The numbers of the columns that a node picks; null where they are not known, or counted from the end. */
function pickedBy(index: GraphIndex, node: NodeProto): readonly number[] | null {
  const [, second = ''] = node.input;
  const isPicked = isMlOperator(node, 'ArrayFeatureExtractor') || (isOperator(node, 'Gather') && isColumnAxis(node));
  if (isPicked) return index.constant(second)?.map(Number) ?? null;
  if (!isOperator(node, 'Slice')) return null;
  const given = (name: string, at: number) =>
    index.constant(node.input[at] ?? '')?.map(Number) ?? attributeOf(node, name)?.ints.map(Number);
  const [starts, ends, axes, steps] = [given('starts', 1), given('ends', 2), given('axes', 3), given('steps', 4)];
  const [from = -1, to = -1] = [starts?.[0], ends?.[0]];
  const isSimple = starts?.length === 1 && axes?.[0] === 1 && (steps?.[0] ?? 1) === 1;
  if (!isSimple || from < 0 || to <= from || to - from > mostPicked) return null;
  return Array.from({ length: to - from }, (_, at) => from + at);
}
