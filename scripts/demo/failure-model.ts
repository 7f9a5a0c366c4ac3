// The demo model as ONNX: named inputs that a device sends as they are, joined inside the graph, and a tree ensemble behind them.
//
//   type [batch,1] string L, M or H; any other text counts as not known
//   air_temperature, process_temperature [batch,1] K    rotational_speed [batch,1] rpm    torque [batch,1] Nm    tool_wear [batch,1] min
//   -> failure [batch] INT64, 1 where a failure is more likely than not; probability [batch,2] FP32 of no failure and failure
import { type AttributeValue, mlDomain, model, node, tensorValue } from '../onnx/build.ts';
import { writeModel } from '../onnx/model-file.ts';
import { TensorProto_DataType } from '../onnx/onnx_pb.ts';
import type { BoostedTrees, Tree } from './boosted-trees.ts';
import { type Measurement, qualities } from './failure-modes.ts';

/** The numeric inputs, in the order of the model's features after `type`. */
const numericInputs = {
  air_temperature: (measured) => measured.airTemperatureK,
  process_temperature: (measured) => measured.processTemperatureK,
  rotational_speed: (measured) => measured.rotationalSpeedRpm,
  torque: (measured) => measured.torqueNm,
  tool_wear: (measured) => measured.toolWearMin,
} satisfies Record<string, (measured: Measurement) => number>;

export type NumericInput = keyof typeof numericInputs;

/** Values by input name, for the library and for the exported model alike; `type` as its rank among the qualities. */
export function featureColumns(rows: readonly Measurement[]): Record<'type' | NumericInput, number[]> {
  const numeric = Object.entries(numericInputs).map(([name, read]) => [name, rows.map(read)] as const);
  return {
    type: rows.map((measured) => qualities.indexOf(measured.type)),
    ...(Object.fromEntries(numeric) as Record<NumericInput, number[]>),
  };
}

/**
 * The bytes of the .onnx file; the same trees give the same bytes.
 *
 * @param metadata kept in the file's metadata_props
 */
export function exportFailureModel(
  boosted: BoostedTrees,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const { FLOAT, INT64, STRING } = TensorProto_DataType;
  const numeric = boosted.features.slice(1);
  const encodeType = {
    keys_strings: { strings: [...qualities] },
    values_floats: { floats: [...qualities.keys()] },
    default_float: { float: Number.NaN },
  };
  const exported = model({
    name: 'machine-failure',
    irVersion: 8,
    opsets: { '': 17, [mlDomain]: 3 },
    inputs: [
      tensorValue('type', STRING, ['batch', 1]),
      ...numeric.map((name) => tensorValue(name, FLOAT, ['batch', 1])),
    ],
    outputs: [tensorValue('failure', INT64, ['batch']), tensorValue('probability', FLOAT, ['batch', 2])],
    nodes: [
      node('LabelEncoder', ['type'], ['type_rank'], encodeType, mlDomain),
      node('Concat', ['type_rank', ...numeric], ['features'], { axis: { int: 1 } }),
      node('TreeEnsembleClassifier', ['features'], ['failure', 'probability'], ensembleAttributes(boosted), mlDomain),
    ],
    metadata,
  });
  return writeModel(exported);
}

/** @see https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleClassifier.html */
function ensembleAttributes({ trees, bias }: BoostedTrees): Record<string, AttributeValue> {
  const flat = trees.map(flatten);
  const nodes = flat.flatMap((tree, treeId) => tree.map((flatNode, nodeId) => ({ ...flatNode, treeId, nodeId })));
  const leaves = nodes.filter(({ mode }) => mode === 'LEAF');
  return {
    nodes_treeids: { ints: nodes.map(({ treeId }) => treeId) },
    nodes_nodeids: { ints: nodes.map(({ nodeId }) => nodeId) },
    nodes_featureids: { ints: nodes.map(({ feature }) => feature) },
    nodes_modes: { strings: nodes.map(({ mode }) => mode) },
    nodes_values: { floats: nodes.map(({ mode, value }) => (mode === 'LEAF' ? 0 : value)) },
    nodes_truenodeids: { ints: nodes.map(({ high }) => high) },
    nodes_falsenodeids: { ints: nodes.map(({ low }) => low) },
    nodes_missing_value_tracks_true: { ints: nodes.map(({ missingIsHigh }) => missingIsHigh) },
    class_treeids: { ints: leaves.map(({ treeId }) => treeId) },
    class_nodeids: { ints: leaves.map(({ nodeId }) => nodeId) },
    // Weights of one class only and LOGISTIC: the runtime takes their sum for the logit of the second class.
    class_ids: { ints: leaves.map(() => 0) },
    class_weights: { floats: leaves.map(({ value }) => value) },
    base_values: { floats: [bias] },
    classlabels_int64s: { ints: [0, 1] },
    post_transform: { string: 'LOGISTIC' },
  };
}

interface FlatNode {
  readonly mode: 'BRANCH_GTE' | 'LEAF';
  readonly feature: number;
  /** Threshold of a branch, weight of a leaf. */
  readonly value: number;
  readonly high: number;
  readonly low: number;
  readonly missingIsHigh: 0 | 1;
}

/** A tree's nodes by id, the root first. */
function flatten(tree: Tree): FlatNode[] {
  const flat: FlatNode[] = [];
  const place = (at: Tree): number => {
    const id = flat.length;
    if (at.kind === 'leaf') {
      flat.push({ mode: 'LEAF', feature: 0, value: at.value, high: 0, low: 0, missingIsHigh: 0 });
      return id;
    }
    const missingIsHigh = at.missing === 'high' ? 1 : 0;
    const branch = { mode: 'BRANCH_GTE', feature: at.feature, value: at.threshold, missingIsHigh } as const;
    flat.push({ ...branch, high: 0, low: 0 });
    const high = place(at.high);
    flat[id] = { ...branch, high, low: place(at.low) };
    return id;
  };
  place(tree);
  return flat;
}
