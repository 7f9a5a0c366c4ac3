// Trains gradient-boosted trees with Yggdrasil Decision Forests and takes the trees out of the model it saves. Training is single-threaded
// and seeded by the library's defaults (up to 300 trees of depth 6, stopped early): the same columns give the same trees.
// @see https://ydf.readthedocs.io
import { fromBinary } from '@bufbuild/protobuf';
import loadYdf from 'ydf-training';
import { GradientBoostedTreesHeaderSchema, type Node, NodeSchema } from './ydf_pb.ts';

/** BINOMIAL_LOG_LIKELIHOOD: the sum of the trees is the logit of the second class. */
const binomialLoss = 1;

interface Leaf {
  readonly kind: 'leaf';
  readonly value: number;
}

interface Split {
  readonly kind: 'split';
  /** Index into the feature names that the model was trained with. */
  readonly feature: number;
  /** Values from here on go to `high`; FP32. */
  readonly threshold: number;
  /** Where a missing value (NaN) goes. */
  readonly missing: 'high' | 'low';
  readonly high: Tree;
  readonly low: Tree;
}

export type Tree = Leaf | Split;

/** probability = sigmoid(bias + the sum of one leaf of each tree) */
export interface BoostedTrees {
  readonly features: readonly string[];
  readonly bias: number;
  readonly trees: readonly Tree[];
}

export interface Training {
  readonly model: BoostedTrees;
  /** The library's own probabilities for other rows, to check an export against. */
  readonly predict: (columns: Readonly<Record<string, readonly number[]>>) => number[];
  /** Frees the library's memory; `predict` must not be called afterwards. */
  readonly unload: () => void;
}

/**
 * @param columns values by feature name, in the order in which the model is to take them
 * @param isPositive the class of each row
 */
export async function trainBoostedTrees(
  columns: Readonly<Record<string, readonly number[]>>,
  isPositive: readonly boolean[],
): Promise<Training> {
  const ydf = await loadYdf({ print: () => {}, printErr: () => {} });
  const learner = new ydf.GradientBoostedTreesLearner('label', 'CLASSIFICATION');
  const trained = learner.train({ ...columns, label: isPositive.map((positive) => (positive ? 'yes' : 'no')) });
  const classes = trained.getLabelClasses();
  if (classes.join() !== 'no,yes') throw new Error(`expected the classes no and yes, got ${classes.join()}`);
  const features = Object.keys(columns);
  // Model.save() gives a ZIP archive and needs a global JSZip; what goes into the archive is read as it is.
  trained.internalModel.save('/model');
  const model = readBoostedTrees({
    header: ydf.FS.readFile('/model/gradient_boosted_trees_header.pb'),
    nodes: ydf.FS.readFile('/model/nodes-00000-of-00001'),
    features,
    featureOfColumn: new Map(trained.getInputFeatures().map(({ name, specIdx }) => [specIdx, features.indexOf(name)])),
  });
  const predict: Training['predict'] = (rows) => Array.from(trained.predict(rows));
  return { model, predict, unload: () => trained.unload() };
}

function readBoostedTrees(saved: {
  readonly header: Uint8Array;
  readonly nodes: Uint8Array;
  readonly features: readonly string[];
  readonly featureOfColumn: ReadonlyMap<number, number>;
}): BoostedTrees {
  const header = fromBinary(GradientBoostedTreesHeaderSchema, saved.header);
  const { loss, nodeFormat, numNodeShards, initialPredictions } = header;
  const [bias] = initialPredictions;
  if (loss !== binomialLoss || nodeFormat !== 'BLOB_SEQUENCE' || numNodeShards !== 1 || bias === undefined) {
    const found = JSON.stringify({ loss, nodeFormat, numNodeShards, initialPredictions });
    throw new Error(`expected binomial loss and one shard of BLOB_SEQUENCE nodes, got ${found}`);
  }
  const nodes = readNodes(saved.nodes);
  const trees = Array.from({ length: Number(header.numTrees) }, () => readTree(nodes, saved.featureOfColumn));
  if (nodes.next().done !== true) throw new Error(`expected the nodes of ${trees.length} trees, got more`);
  return { features: saved.features, bias, trees };
}

/** A BLOB_SEQUENCE: 'BS', a version and 4 spare bytes, then records of a little-endian 32-bit length and as many bytes. */
function* readNodes(bytes: Uint8Array): Generator<Node, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0) !== 0x4253 || view.getUint16(2, true) !== 0) throw new Error('expected a BLOB_SEQUENCE file');
  for (let at = 8; at < bytes.length; ) {
    const end = at + 4 + view.getUint32(at, true);
    yield fromBinary(NodeSchema, bytes.subarray(at + 4, end));
    at = end;
  }
}

/** Nodes come depth first: a split, then all of the side where its condition is false, then the other. */
function readTree(nodes: Generator<Node, undefined>, featureOfColumn: ReadonlyMap<number, number>): Tree {
  const node = nodes.next().value;
  if (node === undefined) throw new Error('expected another node, got the end of the model');
  const { condition, output } = node;
  if (condition?.condition === undefined) {
    if (output.case !== 'regressor') throw new Error('expected a leaf with a value');
    return { kind: 'leaf', value: output.value.topValue };
  }
  const { type } = condition.condition;
  const feature = featureOfColumn.get(condition.attribute) ?? -1;
  if (type.case !== 'higherCondition' || feature < 0) {
    throw new Error(`expected a split of a numeric feature, got another on column ${condition.attribute}`);
  }
  const low = readTree(nodes, featureOfColumn);
  const high = readTree(nodes, featureOfColumn);
  const missing = condition.naValue ? 'high' : 'low';
  return { kind: 'split', feature, threshold: type.value.threshold, missing, high, low };
}
