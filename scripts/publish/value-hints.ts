// Hints of a graph about the values that its inputs take: categories that strings are looked up in, integers that they are compared with.
import type { GraphProto, NodeProto, TensorProto } from '../onnx/onnx_pb.ts';
import { TensorProto_DataType } from '../onnx/onnx_pb.ts';

export interface ValueHint {
  readonly strings: readonly string[];
  readonly integers: readonly number[];
}

/** Attributes of ai.onnx.ml and text operators that list the strings they know. */
const vocabularies = new Set(['cats_strings', 'keys_strings', 'string_vocabulary', 'pool_strings']);
const mostStrings = 64;

/** Hints by input name; an input without any is absent. */
export function valueHints(graph: GraphProto): ReadonlyMap<string, ValueHint> {
  const users = new Map<string, NodeProto[]>();
  for (const node of graph.node) {
    for (const name of node.input) users.set(name, [...(users.get(name) ?? []), node]);
  }
  const constants = constantIntegers(graph);
  const hints = new Map<string, ValueHint>();
  for (const { name } of graph.input) {
    const comparisons = (users.get(name) ?? []).filter(({ opType }) => opType === 'Equal');
    const integers = comparisons.flatMap(({ input }) => input.flatMap((other) => constants.get(other) ?? []));
    const strings = nearestVocabulary(name, users);
    if (strings.length > 0 || integers.length > 0) hints.set(name, { strings, integers });
  }
  return hints;
}

/** The strings of the first node with a vocabulary that the value reaches, breadth first. */
function nearestVocabulary(name: string, users: ReadonlyMap<string, readonly NodeProto[]>): string[] {
  const seen = new Set<NodeProto>();
  let values = [name];
  while (values.length > 0) {
    const next: string[] = [];
    for (const node of values.flatMap((value) => users.get(value) ?? [])) {
      if (seen.has(node)) continue;
      seen.add(node);
      const known = vocabularyOf(node);
      if (known.length > 0) return known.slice(0, mostStrings);
      for (const output of node.output) next.push(output);
    }
    values = next;
  }
  return [];
}

function vocabularyOf(node: NodeProto): string[] {
  const decoder = new TextDecoder();
  return node.attribute.flatMap(({ name, strings, t }) => {
    if (vocabularies.has(name)) return strings.map((bytes) => decoder.decode(bytes));
    // LabelEncoder's newer form.
    if (name === 'keys_tensor' && t?.dataType === TensorProto_DataType.STRING) {
      return t.stringData.map((bytes) => decoder.decode(bytes));
    }
    return [];
  });
}

/** Integers of one element, by the name of the value that holds them. */
function constantIntegers(graph: GraphProto): Map<string, number> {
  const found = new Map<string, number>();
  const add = (name: string | undefined, tensor: TensorProto | undefined) => {
    const value = tensor ? integerOf(tensor) : null;
    if (name !== undefined && value !== null && value >= 0 && value < 2 ** 31) found.set(name, value);
  };
  for (const tensor of graph.initializer) add(tensor.name, tensor);
  for (const node of graph.node) {
    if (node.opType === 'Constant') add(node.output[0], node.attribute.find(({ name }) => name === 'value')?.t);
  }
  return found;
}

function integerOf({ dataType, dims, int64Data, int32Data, rawData }: TensorProto): number | null {
  if (dims.some((size) => size !== 1n)) return null;
  const { INT64, INT32 } = TensorProto_DataType;
  const raw = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  if (dataType === INT64) return Number(int64Data[0] ?? (rawData.length === 8 ? raw.getBigInt64(0, true) : 0n));
  if (dataType === INT32) return int32Data[0] ?? (rawData.length === 4 ? raw.getInt32(0, true) : 0);
  return null;
}
