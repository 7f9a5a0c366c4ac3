// Which outputs of a graph speak of the same prediction: scores of the same columns, labels that are chosen from them.
import type { GraphIndex } from '../graph-index.ts';
import { isClassifier } from './classifier-node.ts';
import { ancestors, columnsOf } from './columns.ts';
import { type Winner, winnerOf } from './winner.ts';

/** Operators that hand a value on, in another form at most. */
const relays = new Set(['Identity', 'Cast', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Dropout']);
/** Operators that choose a label from scores. None of them counts or adds up: how many scores are high is no label. */
const deciders = new Set([
  ...relays,
  ...['ArgMax', 'ArgMin', 'TopK', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'Equal', 'Not', 'And', 'Or'],
  ...['Where', 'Gather', 'GatherElements', 'ArrayFeatureExtractor', 'LabelEncoder', 'Slice', 'ReduceMax', 'Max', 'Min'],
  ...['Add', 'Sub', 'Mul', 'Sign', 'Binarizer', 'Concat', 'Sigmoid', 'Softmax'],
]);
/** Operators that leave the largest of a row's scores. */
const largest = new Set(['ReduceMax', 'TopK', 'Max', 'GatherElements']);

/** One prediction. */
export interface Head {
  /** Outputs that hold its scores or its value. */
  readonly numbers: string[];
  /** The values that they are made of, graph inputs left out: two predictions may be made of the same input. */
  readonly values: Set<string>;
  /** With the graph inputs. */
  readonly origins: Set<string>;
}

/**
 * @param numbers outputs of floats
 * @param others outputs of integers, texts and truth values
 */
export function findHeads(index: GraphIndex, numbers: readonly string[], others: readonly string[]): Head[] {
  const heads: Head[] = [];
  const join = (names: ReadonlySet<string>, number?: string) => {
    const values = [...names].filter((name) => !index.inputs.has(name));
    const head = heads.find((each) => values.some((name) => each.values.has(name)));
    const joined = head ?? { numbers: [], values: new Set<string>(), origins: new Set<string>() };
    if (head === undefined) heads.push(joined);
    if (number !== undefined) joined.numbers.push(number);
    for (const name of values) joined.values.add(name);
    for (const name of names) joined.origins.add(name);
  };
  const later = numbers.filter((name) => isLargest(index, name));
  for (const name of numbers) if (!later.includes(name)) join(valuesOf(index, name), name);
  for (const winner of others.map((name) => winnerOf(index, name))) {
    if (winner === null || heads.some((head) => isOfHead(index, head, winner))) continue;
    join(valuesOf(index, winner.source));
  }
  for (const name of later) {
    if (confidenceHead(index, heads, name) === -1 && !areTopScores(index, name)) join(valuesOf(index, name), name);
  }
  return heads;
}

/** Is this label chosen from the scores of the head? */
export function isOfHead(index: GraphIndex, head: Head, winner: Winner): boolean {
  const names = winner.isThreshold ? head.origins : head.values;
  return [...valuesOf(index, winner.source)].some((name) => names.has(name));
}

/** Does all that this output, which is no constant, depends on come from the head, through operators that only choose? */
export function isDecidedBy(index: GraphIndex, name: string, { origins }: Head): boolean {
  const seen = new Set([name]);
  // A set grows while it is gone through.
  for (const value of seen) {
    if (origins.has(value) || index.constant(value) !== null) continue;
    const node = index.producer(value);
    if (node === undefined || !deciders.has(node.opType)) return false;
    for (const input of node.input) if (input !== '') seen.add(input);
  }
  return true;
}

/** The best few scores, from the largest down: not one for each class. */
export function areTopScores(index: GraphIndex, name: string): boolean {
  const origin = originOf(index, name);
  const node = index.producer(origin);
  return node?.opType === 'TopK' && node.output[0] === origin;
}

/** The head whose largest score this output is; -1 where it is something else. */
export function confidenceHead(index: GraphIndex, heads: readonly Head[], name: string): number {
  const node = index.producer(originOf(index, name));
  if (node === undefined || !isLargest(index, name)) return -1;
  const sources = ancestors(index, node.input[0] ?? '').map((ancestor) => ancestor.name);
  return heads.findIndex(({ values }) => sources.some((source) => values.has(source)));
}

/** The value that an output is, before it was renamed, cast or reshaped. */
export function originOf(index: GraphIndex, name: string): string {
  const node = index.producer(name);
  const [source] = node?.input ?? [];
  if (node === undefined || source === undefined || !relays.has(node.opType)) return name;
  return index.ask('origin', name, name, () => originOf(index, source));
}

function isLargest(index: GraphIndex, name: string): boolean {
  const node = index.producer(originOf(index, name));
  return node !== undefined && largest.has(node.opType) && !(node.opType === 'Max' && node.input.length > 1);
}

/** An output's own value, and those that hold its columns or some of them. */
function valuesOf(index: GraphIndex, name: string): Set<string> {
  const same = ancestors(index, name).map((ancestor) => ancestor.name);
  const made = index.producer(same.at(-1) ?? name);
  const parts = made?.opType === 'Concat' ? made.input : [];
  const joined = parts.flatMap((part) => ancestors(index, part).map((ancestor) => ancestor.name));
  const { root } = columnsOf(index, name);
  const classifier = index.producer(root);
  const label = classifier !== undefined && isClassifier(classifier) ? classifier.output.slice(0, 1) : [];
  return new Set([...same, root, ...joined, ...label]);
}
