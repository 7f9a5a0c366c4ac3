// ZipMap turns a classifier's probabilities into a sequence of maps, which neither onnxruntime-web nor onnxruntime-node can hand out.
// Removing it leaves the probabilities as a tensor; the class labels it carried go to the manifest.
// @see https://onnx.ai/onnx/operators/onnx_aionnxml_ZipMap.html
import { create } from '@bufbuild/protobuf';
import { mlDomain, node, tensorType } from './build.ts';
import type { OnnxModel } from './model-file.ts';
import type { GraphProto, NodeProto, TypeProto } from './onnx_pb.ts';
import { OperatorSetIdProtoSchema, TensorProto_DataType } from './onnx_pb.ts';

export interface ZipMap {
  /** The graph output that the node writes. */
  readonly output: string;
  /** The tensor of probabilities that it reads, [batch, classes]. */
  readonly input: string;
  /** In order of the tensor's last axis; integers beyond 2^53 as decimal strings. */
  readonly labels: readonly (string | number)[];
  readonly node: NodeProto;
}

/** The ZipMap nodes whose maps a caller of the model would be given. */
export function findZipMaps(model: OnnxModel): ZipMap[] {
  const outputs = new Set(model.graph.output.map((output) => output.name));
  const found: ZipMap[] = [];
  for (const candidate of model.graph.node) {
    if (candidate.opType !== 'ZipMap' || candidate.domain !== mlDomain) continue;
    const [input] = candidate.input;
    const [output] = candidate.output;
    if (input === undefined || output === undefined || !outputs.has(output)) continue;
    found.push({ output, input, labels: labelsOf(candidate), node: candidate });
  }
  return found;
}

/**
 * Removes the ZipMap nodes that feed graph outputs, in place. An output keeps its name and becomes the tensor of probabilities,
 * FP32 [batch, classes].
 *
 * @returns class labels by output name; empty where there was nothing to remove
 */
export function stripZipMap(model: OnnxModel): Record<string, readonly (string | number)[]> {
  const { graph } = model;
  const labels: [string, readonly (string | number)[]][] = [];
  // Looked up again after each removal, which may have renamed what the next one reads.
  for (let [zipMap] = findZipMaps(model); zipMap !== undefined; [zipMap] = findZipMaps(model)) {
    const { input, output } = zipMap;
    const type = probabilitiesType(graph, zipMap);
    for (const value of graph.output) if (value.name === output) value.type = type;
    const at = graph.node.indexOf(zipMap.node);
    if (isComputedAndPrivate(graph, input)) {
      graph.node.splice(at, 1);
      renameValue(graph, input, output);
    } else {
      // The tensor has a name of its own that callers know (it is an output or input as well), so it is passed on under both.
      graph.node.splice(at, 1, node('Identity', [input], [output]));
      importDefaultOperators(model);
    }
    labels.push([output, zipMap.labels]);
  }
  return Object.fromEntries(labels);
}

function labelsOf(zipMap: NodeProto): (string | number)[] {
  for (const attribute of zipMap.attribute) {
    if (attribute.name === 'classlabels_strings' && attribute.strings.length > 0) {
      return attribute.strings.map((bytes) => new TextDecoder().decode(bytes));
    }
    if (attribute.name === 'classlabels_int64s' && attribute.ints.length > 0) {
      return attribute.ints.map((label) => (Number.isSafeInteger(Number(label)) ? Number(label) : String(label)));
    }
  }
  return [];
}

/** A declared shape if the graph has one; else the batch dimension of the label output, which comes from the same classifier. */
function probabilitiesType(graph: GraphProto, { input, labels }: ZipMap): TypeProto {
  const declared = graph.valueInfo.find(({ name }) => name === input)?.type;
  if (declared?.value.case === 'tensorType' && declared.value.value.shape) return declared;
  return tensorType(TensorProto_DataType.FLOAT, [batchDimension(graph), labels.length || null]);
}

function batchDimension(graph: GraphProto): bigint | string | null {
  const labelOutputs = graph.output.flatMap(({ type }) => {
    if (type?.value.case !== 'tensorType') return [];
    const { elemType, shape } = type.value.value;
    const isLabel = elemType === TensorProto_DataType.INT64 || elemType === TensorProto_DataType.STRING;
    return isLabel && shape?.dim.length === 1 ? shape.dim : [];
  });
  return labelOutputs.length === 1 ? (labelOutputs[0]?.value.value ?? null) : null;
}

function isComputedAndPrivate(graph: GraphProto, name: string): boolean {
  const isComputed = graph.node.some(({ output }) => output.includes(name));
  return isComputed && !graph.output.some((value) => value.name === name);
}

/** Names are unique in a graph and the graphs inside it, so that every use of the name, at any depth, means this value. */
function renameValue(graph: GraphProto, from: string, to: string): void {
  const rename = (name: string) => (name === from ? to : name);
  for (const user of graph.node) {
    user.input = user.input.map(rename);
    user.output = user.output.map(rename);
    for (const attribute of user.attribute) {
      if (attribute.g) renameValue(attribute.g, from, to);
      for (const inner of attribute.graphs) renameValue(inner, from, to);
    }
  }
  for (const output of graph.output) output.name = rename(output.name);
  graph.valueInfo = graph.valueInfo.filter(({ name }) => name !== from && name !== to);
}

/** A model of ai.onnx.ml operators alone need not import the default domain, which Identity is in. */
function importDefaultOperators(model: OnnxModel): void {
  if (model.opsetImport.some(({ domain }) => domain === '' || domain === 'ai.onnx')) return;
  model.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: '', version: 13n }));
}
