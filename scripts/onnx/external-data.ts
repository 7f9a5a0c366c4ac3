// Weights that a model keeps in files beside itself. popserve takes models of one file: publishing names these files, never reads them.
import type { AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto } from './onnx_pb.ts';
import { TensorProto_DataLocation } from './onnx_pb.ts';

/**
 * The files that a model's tensors point to, wherever they are: initializers, attributes, subgraphs, functions.
 *
 * @returns the locations as the model states them (untrusted text), each once, in order; empty for a model of one file
 */
export function externalDataFiles(model: ModelProto): string[] {
  const files = new Set<string>();
  for (const tensor of tensorsOfModel(model)) {
    if (tensor.dataLocation !== TensorProto_DataLocation.EXTERNAL) continue;
    files.add(tensor.externalData.find((entry) => entry.key === 'location')?.value ?? '');
  }
  return [...files];
}

function* tensorsOfModel(model: ModelProto): Generator<TensorProto> {
  if (model.graph) yield* tensorsOfGraph(model.graph);
  for (const fn of model.functions) {
    yield* tensorsOfNodes(fn.node);
    yield* tensorsOfAttributes(fn.attributeProto);
  }
}

function* tensorsOfGraph(graph: GraphProto): Generator<TensorProto> {
  yield* graph.initializer;
  for (const sparse of graph.sparseInitializer) {
    if (sparse.values) yield sparse.values;
    if (sparse.indices) yield sparse.indices;
  }
  yield* tensorsOfNodes(graph.node);
}

function* tensorsOfNodes(nodes: readonly NodeProto[]): Generator<TensorProto> {
  for (const node of nodes) yield* tensorsOfAttributes(node.attribute);
}

function* tensorsOfAttributes(attributes: readonly AttributeProto[]): Generator<TensorProto> {
  for (const attribute of attributes) {
    if (attribute.t) yield attribute.t;
    yield* attribute.tensors;
    const sparseTensors = attribute.sparseTensor
      ? [attribute.sparseTensor, ...attribute.sparseTensors]
      : attribute.sparseTensors;
    for (const sparse of sparseTensors) {
      if (sparse.values) yield sparse.values;
      if (sparse.indices) yield sparse.indices;
    }
    if (attribute.g) yield* tensorsOfGraph(attribute.g);
    for (const graph of attribute.graphs) yield* tensorsOfGraph(graph);
  }
}
