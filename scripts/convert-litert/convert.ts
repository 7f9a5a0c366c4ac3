// An ONNX model to a TensorFlow Lite model that gives the same answers for inputs of one shape.
import type { OnnxModel } from '../onnx/model-file.ts';
import { foldGraph } from './fold-graph.ts';
import { fuse } from './fusions.ts';
import { Lowering } from './lowering.ts';
import { families } from './operators/families.ts';
import { outputSteps } from './output-steps.ts';
import { pairQuantisation } from './quantisation.ts';
import { notCovered, Refusal } from './refusal.ts';
import { writeTflite } from './tflite/write-model.ts';

export interface Converted {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Operators of the TensorFlow Lite model, how many there are of each. */
  readonly operators: Readonly<Record<string, number>>;
  /** By output of a quantised model: by how much it changes at most where the last integers before it change by one. */
  readonly steps: Readonly<Record<string, number>>;
}

/**
 * @param model is changed
 * @param shapes of the inputs, every size of them
 * @throws Refusal with the names of the operators that are not covered
 */
export async function convertModel(
  model: OnnxModel,
  shapes: ReadonlyMap<string, readonly number[]>,
): Promise<Converted> {
  const graph = await foldGraph(model, shapes);
  fuse(graph);
  pairQuantisation(graph);
  const steps = outputSteps(graph);
  const unknown = new Set(graph.nodes.map(({ operator }) => operator).filter((operator) => !(operator in families)));
  if (unknown.size > 0) throw new Refusal([...unknown].join(', '), notCovered);
  const lowering = new Lowering(graph);
  for (const node of graph.nodes) families[node.operator]?.(lowering, node);
  const target = lowering.finish();
  const operators: Record<string, number> = {};
  for (const { operator } of target.operators) operators[operator] = (operators[operator] ?? 0) + 1;
  return { bytes: writeTflite(target), operators, steps };
}
