// The role of each output of a graph: which are inputs handed through, which label and scores belong together, which class each column is.
import type { ColumnNames, OutputRole } from '../../../registry/output-role.ts';
import { GraphIndex, isOperator, type Label, textOf, valuesRead } from '../graph-index.ts';
import type { GraphProto, NodeProto, ValueInfoProto } from '../onnx_pb.ts';
import { TensorProto_DataType } from '../onnx_pb.ts';
import { givesShares, isClassifier, isLabel, scoresPairs } from './classifier-node.ts';
import { ancestors, columnNames, columnsOf, namesAt, pick, relation } from './columns.ts';
import { areTopScores, confidenceHead, findHeads, type Head, isDecidedBy, isOfHead, originOf } from './heads.ts';
import { type Winner, winnerOf } from './winner.ts';

const counters = new Set(['Shape', 'Size', 'ReduceSum', 'NonZero', 'CumSum', 'NonMaxSuppression']);
const shares = new Set(['Softmax', 'Sigmoid', 'HardSigmoid']);
const { FLOAT, DOUBLE, FLOAT16, BFLOAT16 } = TensorProto_DataType;
const floatTypes: ReadonlySet<number> = new Set([FLOAT, DOUBLE, FLOAT16, BFLOAT16]);

/**
 * @param labels names of classes by output, as removed ZipMaps had them
 * @returns one role for each output, in their order
 */
export function outputRoles(graph: GraphProto, labels: Readonly<Record<string, readonly Label[]>>): OutputRole[] {
  const index = new GraphIndex(graph);
  const computed = graph.output.filter(({ name }) => fixedRole(index, name) === null);
  const numbers = computed.filter(isFloat).map(({ name }) => name);
  const others = computed.filter((output) => !isFloat(output)).map(({ name }) => name);
  const heads = findHeads(index, numbers, others);
  const winners = others.flatMap((name) => winnerOf(index, name) ?? []);
  return graph.output.map((output): OutputRole => {
    const { name } = output;
    const role = fixedRole(index, name);
    if (role !== null) return { output: name, role };
    if (!isFloat(output)) return labelRole(name, index, heads);
    const head = heads.find(({ numbers: own }) => own.includes(name));
    const isChosenFrom = winners.some((winner) => head !== undefined && isOfHead(index, head, winner));
    if (winners.length > 0 && !isChosenFrom && isScaledInput(index, name)) return { output: name, role: 'input' };
    return numberRole(name, index, heads, labels);
  });
}

/** Values that no run changes, or that only the caller changes. */
function fixedRole(index: GraphIndex, name: string): 'input' | 'constant' | null {
  if (index.inputs.has(originOf(index, name))) return 'input';
  const seen = new Set([name]);
  // A set grows while it is gone through.
  for (const value of seen) {
    const node = index.producer(value);
    if (index.inputs.has(value) || isRandom(node?.opType ?? '')) return null;
    for (const read of node === undefined ? [] : valuesRead(node)) seen.add(read);
  }
  return 'constant';
}

/** Operators that ML.NET and others put behind an input that they hand out beside the prediction. */
const scalers = new Set([
  'Identity',
  'Cast',
  'Reshape',
  'Squeeze',
  'Unsqueeze',
  'Flatten',
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Scaler',
]);

function isScaledInput(index: GraphIndex, name: string): boolean {
  return ancestors(index, name).every(({ name: value }) => {
    const node = index.producer(value);
    return node === undefined ? index.inputs.has(value) : scalers.has(node.opType);
  });
}

function isRandom(opType: string): boolean {
  return opType.startsWith('Random');
}

function isFloat({ type }: ValueInfoProto): boolean {
  return type?.value.case === 'tensorType' && floatTypes.has(type.value.value.elemType);
}

function numberRole(
  name: string,
  index: GraphIndex,
  heads: readonly Head[],
  labels: Readonly<Record<string, readonly Label[]>>,
): OutputRole {
  const confidence = confidenceHead(index, heads, name);
  if (confidence !== -1) return { output: name, role: 'confidence', head: confidence };
  if (areTopScores(index, name)) return { output: name, role: 'confidence' };
  if (arePairs(index, name)) {
    const head = heads.findIndex(({ numbers }) => numbers.includes(name));
    return { output: name, role: 'number', head, isPairs: true };
  }
  const columns = Object.hasOwn(labels, name) ? (labels[name] ?? null) : namesOfColumns(index, name);
  return {
    output: name,
    role: 'number',
    head: heads.findIndex(({ numbers }) => numbers.includes(name)),
    ...(columns === null ? {} : { columns: [...columns] }),
    ...(isShare(index, name) ? { isShare: true as const } : {}),
  };
}

function arePairs(index: GraphIndex, name: string): boolean {
  const { root } = columnsOf(index, name);
  const node = index.producer(root);
  return node !== undefined && scoresPairs(node) && node.output[1] === root;
}

/** One column of two has both names. */
function namesOfColumns(index: GraphIndex, name: string): readonly Label[] | null {
  const names = columnNames(index, name);
  if (names?.length !== 1) return isDistinct(names) ? names : null;
  const all = namesAt(index, columnsOf(index, name).root);
  return all?.length === 2 && isDistinct(all) ? [...all.filter((label) => label !== names[0]), ...names] : null;
}

function isDistinct(names: readonly Label[] | null): boolean {
  return names !== null && new Set(names.map(String)).size === names.length;
}

function labelRole(name: string, index: GraphIndex, heads: readonly Head[]): OutputRole {
  const winner = winnerOf(index, name);
  if (winner !== null) {
    const head = heads.findIndex((each) => isOfHead(index, each, winner));
    const says = (heads[head]?.numbers ?? []).flatMap((scores): [string, ColumnNames][] => {
      const names = saidOf(index, scores, winner);
      return names === null ? [] : [[scores, names === 'column' ? names : [...names]]];
    });
    return { output: name, role: 'label', head, ...(says.length === 0 ? {} : { says: Object.fromEntries(says) }) };
  }
  const origin = originOf(index, name);
  const node = index.producer(origin);
  // A label by the votes of pairs: its scores are no columns of classes, but it is a label.
  if (node !== undefined && isLabel(node, origin)) {
    const [, scores = ''] = node.output;
    const head = heads.findIndex(({ values }) => values.has(scores));
    return { output: name, role: 'label', head: head === -1 ? heads.length : head };
  }
  if (node !== undefined && counters.has(node.opType)) return { output: name, role: 'count' };
  const head = heads.findIndex((each) => isDecidedBy(index, name, each));
  return head === -1 ? { output: name, role: 'other' } : { output: name, role: 'label', head };
}

/** Divided by its own sum. */
function isNormalised(node: NodeProto): boolean {
  const norm = node.attribute.find(({ name }) => name === 'norm')?.s;
  return node.opType === 'Normalizer' && norm !== undefined && textOf(norm) === 'L1';
}

/** The label where each column of these scores is the largest; null where the graph does not show it. */
function saidOf(index: GraphIndex, scores: string, winner: Winner): readonly Label[] | 'column' | null {
  const { source, values, isThreshold } = winner;
  if (isThreshold) return values === null ? null : saidByThreshold(index, scores, source, values);
  const same = relation(index, scores, source);
  if (values !== null && !isDistinct(values)) return null;
  if (same !== null) return same === winner.sign ? (values ?? 'column') : null;
  const [own, other] = [columnsOf(index, scores), columnsOf(index, source)];
  if (own.root !== other.root || other.picks !== null || own.sign !== other.sign || winner.sign !== 1) return null;
  if (own.picks === null) return values ?? 'column';
  const picked = values === null ? own.picks : pick(values, own.picks);
  const [only] = picked ?? [];
  if (picked?.length !== 1 || only === undefined) return isDistinct(picked) ? picked : null;
  return values?.length === 2 ? [...values.filter((value) => value !== only), only] : null;
}

/** @param values what is said below and above a threshold on `source`, one column of two or the only one */
function saidByThreshold(index: GraphIndex, scores: string, source: string, values: readonly Label[]) {
  const [below, above] = values;
  if (below === undefined || above === undefined || String(below) === String(above)) return null;
  const same = relation(index, scores, source);
  if (same !== null) return same === 1 ? values : [above, below];
  const place = placeOf(index, scores, source);
  return place === null ? null : place === 1 ? [below, above] : [above, below];
}

/** Which of two columns of scores the source is. */
function placeOf(index: GraphIndex, scores: string, source: string): 0 | 1 | null {
  const [own, other] = [columnsOf(index, scores), columnsOf(index, source)];
  if (own.root === other.root && own.sign === other.sign && other.picks?.length === 1) {
    const at = (own.picks ?? [0, 1]).indexOf(other.picks[0] ?? -1);
    return at === 0 || at === 1 ? at : null;
  }
  const node = index.producer(own.root);
  if (node === undefined || own.sign !== 1 || !isOperator(node, 'Concat') || node.input.length !== 2) return null;
  const at = node.input.findIndex((part) => relation(index, part, source) === 1);
  return at === 0 || at === 1 ? at : null;
}

/** Are these probabilities, by the operator that made them? */
function isShare(index: GraphIndex, name: string): boolean {
  return index.ask('share', name, false, () => findShare(index, name));
}

function findShare(index: GraphIndex, name: string): boolean {
  for (const { name: value } of ancestors(index, name)) {
    const node = index.producer(value);
    if (node === undefined) return false;
    if (shares.has(node.opType) || isNormalised(node)) return true;
    if (node.opType === 'Sub')
      return index.constant(node.input[0] ?? '')?.[0] === 1 && isShare(index, node.input[1] ?? '');
    if (node.opType === 'Concat') return node.input.every((part) => isShare(index, part));
    if (isClassifier(node) || node.opType.endsWith('Regressor')) return givesShares(node);
  }
  const { root, picks } = columnsOf(index, name);
  return picks !== null && root !== name && isShare(index, root);
}
