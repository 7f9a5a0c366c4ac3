// How a label is chosen: by the largest of a value's columns, by a classifier, or by a threshold on one column, and what it then says.
import {
  attributeOf,
  elementsOfTensor,
  type GraphIndex,
  isMlOperator,
  isOperator,
  type Label,
  textOf,
} from '../graph-index.ts';
import type { NodeProto } from '../onnx_pb.ts';
import { TensorProto_DataType } from '../onnx_pb.ts';
import { classLabels, isLabel, scoresPairs } from './classifier-node.ts';

export interface Winner {
  /** The value whose columns decide. */
  readonly source: string;
  /** -1 where the smallest column wins. */
  readonly sign: 1 | -1;
  /** The label for each column; null: the column's number. With a threshold: below it, and above it. */
  readonly values: readonly Label[] | null;
  /** Decided by one column alone. */
  readonly isThreshold: boolean;
}

/** Operators that leave a label as it is. */
const relays = new Set(['Identity', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Dropout']);
/** Comparisons, and whether they are true of large values of their first input. */
const comparisons = new Map([
  ['Greater', true],
  ['GreaterOrEqual', true],
  ['Less', false],
  ['LessOrEqual', false],
]);

/** @returns null where the graph does not show what decides the label */
export function winnerOf(index: GraphIndex, name: string): Winner | null {
  return index.ask('winner', name, null, () => findWinner(index, name));
}

function findWinner(index: GraphIndex, name: string): Winner | null {
  const node = index.producer(name);
  if (node === undefined) return null;
  const [first = '', second = '', third = ''] = node.input;
  if (isLabel(node, name)) {
    if (scoresPairs(node)) return null;
    return { source: node.output[1] ?? '', sign: 1, values: classLabels(node), isThreshold: false };
  }
  if (isMlOperator(node, 'LabelEncoder')) return mapped(winnerOf(index, first), encoding(node));
  if (isMlOperator(node, 'ArrayFeatureExtractor')) return looked(index, first, second);
  if (node.domain !== '' && node.domain !== 'ai.onnx') return null;
  if (relays.has(node.opType)) return winnerOf(index, first);
  switch (node.opType) {
    case 'Cast':
      return cast(winnerOf(index, first), node);
    case 'Gather':
      return looked(index, first, second);
    case 'ArgMax':
    case 'ArgMin':
      return chosen(node, first, node.opType === 'ArgMax' ? 1 : -1, 0n);
    case 'TopK':
      return topOf(index, node, name);
    case 'Add':
    case 'Sub':
      return shifted(index, node);
    case 'Not':
      return mapped(winnerOf(index, first), (value) => (value === 'true' ? 'false' : 'true'));
    case 'Where':
      return either(winnerOf(index, first), index.constant(third), index.constant(second)) ?? unless(index, node);
    default:
      return compared(index, node);
  }
}

function chosen(node: NodeProto, source: string, sign: 1 | -1, usual: bigint): Winner | null {
  const axis = attributeOf(node, 'axis')?.i ?? usual;
  return axis === 0n ? null : { source, sign, values: null, isThreshold: false };
}

function topOf(index: GraphIndex, node: NodeProto, name: string): Winner | null {
  const count = index.constant(node.input[1] ?? '')?.[0] ?? Number(attributeOf(node, 'k')?.i ?? 0n);
  if (name !== node.output[1] || Number(count) !== 1) return null;
  return chosen(node, node.input[0] ?? '', attributeOf(node, 'largest')?.i === 0n ? -1 : 1, -1n);
}

/** A name looked up in a list by the number of the column. */
function looked(index: GraphIndex, list: string, number: string): Winner | null {
  const [names, winner] = [index.constant(list), winnerOf(index, number)];
  if (names === null || winner === null) return null;
  if (winner.values === null) return { ...winner, values: names };
  return mapped(winner, (value) => names[Number(value)]);
}

function shifted(index: GraphIndex, node: NodeProto): Winner | null {
  const [first = '', second = ''] = node.input;
  const amount = index.constant(second)?.[0];
  const winner = amount === undefined ? null : winnerOf(index, first);
  // Without the number of columns there is no list to shift.
  if (winner === null || winner.values === null) return null;
  const by = Number(amount) * (node.opType === 'Add' ? 1 : -1);
  return mapped(winner, (value) => (typeof value === 'number' ? value + by : undefined));
}

function compared(index: GraphIndex, node: NodeProto): Winner | null {
  const isAbove = [...comparisons].find(([type]) => isOperator(node, type))?.[1];
  if (isAbove === undefined) return null;
  const [first = '', second = ''] = node.input;
  const [left, right] = [index.constant(first), index.constant(second)];
  if ((left === null) === (right === null)) return null;
  if ((left ?? right ?? []).length !== 1) return null;
  const isTrueAbove = right === null ? !isAbove : isAbove;
  const values = isTrueAbove ? ['false', 'true'] : ['true', 'false'];
  return { source: right === null ? second : first, sign: 1, values, isThreshold: true };
}

/** One of two constants, by what a threshold says. */
function either(winner: Winner | null, no: readonly Label[] | null, yes: readonly Label[] | null): Winner | null {
  if (winner === null || no?.length !== 1 || yes?.length !== 1) return null;
  return mapped(winner, (value) => (value === 'true' ? yes[0] : value === 'false' ? no[0] : undefined));
}

/** A label that another one takes the place of, in rows that the model rejects: otherwise it says what it said. */
function unless(index: GraphIndex, { input: [, yes = '', no = ''] }: NodeProto): Winner | null {
  const [first, second] = [index.constant(yes), index.constant(no)];
  if ((first === null) === (second === null)) return null;
  const winner = winnerOf(index, first === null ? yes : no);
  return winner?.isThreshold === false ? winner : null;
}

/** @param map gives undefined for what it does not know */
function mapped(winner: Winner | null, map: ((value: Label) => Label | undefined) | null): Winner | null {
  if (winner === null || map === null || winner.values === null) return null;
  const values = winner.values.map(map);
  return values.includes(undefined) ? null : { ...winner, values: values.flatMap((value) => value ?? []) };
}

/** Booleans become 0 and 1, integers and texts stay what they are. */
function cast(winner: Winner | null, node: NodeProto): Winner | null {
  if (winner === null || winner.values === null) return winner;
  const to = Number(attributeOf(node, 'to')?.i ?? 0n);
  const { STRING, BOOL } = TensorProto_DataType;
  const isTruth = winner.values.every((value) => value === 'true' || value === 'false');
  if (to === BOOL) {
    return isTruth ? winner : mapped(winner, (value) => (Number(value) === 0 ? 'false' : 'true'));
  }
  if (isTruth) {
    const [no, yes]: Label[] = to === STRING ? ['0', '1'] : [0, 1];
    return mapped(winner, (value) => (value === 'true' ? yes : no));
  }
  return to === STRING ? mapped(winner, String) : mapped(winner, numberOf);
}

function numberOf(value: Label): Label | undefined {
  if (typeof value === 'number') return value;
  return value.trim() === '' || Number.isNaN(Number(value))
    ? undefined
    : Number.isSafeInteger(Number(value))
      ? Number(value)
      : value;
}

/** The value that a LabelEncoder makes of another. */
export function encoding(node: NodeProto): ((value: Label) => Label | undefined) | null {
  const [keys, values] = [listOf(node, 'keys'), listOf(node, 'values')];
  // Version 1 of the operator has one list of texts, and turns them into their numbers and back.
  const texts = attributeOf(node, 'classes_strings')?.strings.map(textOf);
  if (texts !== undefined && keys === null) {
    return (value) => (typeof value === 'number' ? texts[value] : Math.max(-1, texts.indexOf(value)));
  }
  if (keys === null || keys.length !== values?.length) return null;
  const table = new Map(keys.map((key, at) => [String(key), values[at]]));
  return (value) => table.get(String(value));
}

/** The values that a LabelEncoder knows; null where it is of the older form that has one list. */
export function encodedKeys(node: NodeProto): readonly Label[] | null {
  return listOf(node, 'keys');
}

function listOf(node: NodeProto, kind: 'keys' | 'values'): readonly Label[] | null {
  const strings = attributeOf(node, `${kind}_strings`)?.strings;
  if (strings !== undefined && strings.length > 0) return strings.map(textOf);
  const integers = attributeOf(node, `${kind}_int64s`)?.ints;
  if (integers !== undefined && integers.length > 0) return integers.map(Number);
  const floats = attributeOf(node, `${kind}_floats`)?.floats;
  if (floats !== undefined && floats.length > 0) return floats;
  const tensor = attributeOf(node, `${kind}_tensor`)?.t;
  return tensor === undefined ? null : elementsOfTensor(tensor);
}
