// A graph looked at from its outputs: which node makes a value, what a node reads, and the values that are known without a run.
import { mlDomain } from './build.ts';
import type { AttributeProto, GraphProto, NodeProto, TensorProto } from './onnx_pb.ts';
import { TensorProto_DataType } from './onnx_pb.ts';

/** A class label, or an element of a constant; integers beyond 2^53 are decimal strings. */
export type Label = string | number;

/** Larger constants are weights: nothing that names or picks a class is as large. */
const mostElements = 65_536;
/** Values that are looked at on the way to one, in a chain. */
const mostDepth = 1000;
/** Nodes that hand a constant on with its elements in their order. */
const relays = new Set(['Identity', 'Cast', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten']);

export class GraphIndex {
  /** Names of the inputs that a caller gives: initializers are none. */
  readonly inputs: ReadonlySet<string>;
  readonly #producers = new Map<string, NodeProto>();
  readonly #initializers = new Map<string, TensorProto>();
  readonly #known = new Map<string, unknown>();
  #depth = 0;

  constructor(graph: GraphProto) {
    for (const tensor of graph.initializer) this.#initializers.set(tensor.name, tensor);
    for (const node of graph.node) for (const name of node.output) if (name !== '') this.#producers.set(name, node);
    const given = graph.input.map(({ name }) => name).filter((name) => !this.#initializers.has(name));
    this.inputs = new Set(given);
  }

  producer(name: string): NodeProto | undefined {
    return this.#producers.get(name);
  }

  /**
   * Finds out about a value once. Graphs come from strangers: where one runs in circles, or deeper than any real one, the
   * answer is `otherwise`.
   * @param question one for each function that asks
   */
  ask<T>(question: string, name: string, otherwise: T, find: () => T): T {
    const key = `${question} ${name}`;
    if (this.#known.has(key)) return this.#known.get(key) as T;
    if (this.#depth >= mostDepth) return otherwise;
    this.#known.set(key, otherwise);
    this.#depth++;
    const found = find();
    this.#depth--;
    this.#known.set(key, found);
    return found;
  }

  /** The elements of a value that is the same at every run; null where it is not, or where it is too large to name classes. */
  constant(name: string): readonly Label[] | null {
    const tensor = this.#initializers.get(name);
    if (tensor !== undefined) return elementsOfTensor(tensor);
    const node = this.producer(name);
    if (node === undefined) return null;
    if (isOperator(node, 'Constant')) return elementsOfConstant(node);
    const [source] = node.input;
    if (source === undefined || !relays.has(node.opType)) return null;
    return this.ask('constant', name, null, () => this.constant(source));
  }
}

/** Is it this operator of the default domain, or of the given one? */
export function isOperator({ opType, domain }: NodeProto, type: string, wanted = ''): boolean {
  return opType === type && (domain === 'ai.onnx' ? '' : domain) === wanted;
}

export function isMlOperator(node: NodeProto, type: string): boolean {
  return isOperator(node, type, mlDomain);
}

export function attributeOf(node: NodeProto, name: string): AttributeProto | undefined {
  return node.attribute.find((attribute) => attribute.name === name);
}

/** The values that a node reads, those that only the graphs inside it name among them. */
export function valuesRead(node: NodeProto): string[] {
  const inner = node.attribute.flatMap(({ g, graphs }) => [...(g === undefined ? [] : [g]), ...graphs]);
  const captured = inner.flatMap((graph) => [
    ...graph.node.flatMap((each) => valuesRead(each)),
    ...graph.output.map(({ name }) => name),
  ]);
  return [...node.input, ...captured].filter((name) => name !== '');
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export function integerLabel(value: bigint): Label {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

function elementsOfConstant(node: NodeProto): readonly Label[] | null {
  const tensor = attributeOf(node, 'value')?.t;
  if (tensor !== undefined) return elementsOfTensor(tensor);
  const [given] = node.attribute;
  if (given === undefined) return null;
  if (given.name === 'value_int') return [integerLabel(given.i)];
  if (given.name === 'value_ints') return given.ints.map(integerLabel);
  if (given.name === 'value_float') return [given.f];
  if (given.name === 'value_floats') return given.floats;
  if (given.name === 'value_string') return [textOf(given.s)];
  return given.name === 'value_strings' ? given.strings.map(textOf) : null;
}

/** Null for types that name no class, and where the elements are kept in a file beside the model. */
export function elementsOfTensor(tensor: TensorProto): readonly Label[] | null {
  const { dims, dataType, rawData, int32Data, int64Data, floatData, doubleData, stringData } = tensor;
  const count = dims.reduce((product, size) => product * Number(size), 1);
  if (count > mostElements) return null;
  const { STRING, INT64, INT32, BOOL, FLOAT, DOUBLE } = TensorProto_DataType;
  if (dataType === STRING) return stringData.map(textOf);
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  const raw = <T>(bytes: number, read: (at: number) => T): T[] | null =>
    rawData.length === count * bytes ? Array.from({ length: count }, (_, index) => read(index * bytes)) : null;
  const listed = <T>(list: readonly T[]): readonly T[] | null => (list.length === count ? list : null);
  switch (dataType) {
    case INT64:
      return (listed(int64Data) ?? raw(8, (at) => view.getBigInt64(at, true)))?.map(integerLabel) ?? null;
    case INT32:
      return listed(int32Data) ?? raw(4, (at) => view.getInt32(at, true));
    case BOOL:
      return listed(int32Data) ?? raw(1, (at) => view.getUint8(at));
    case FLOAT:
      return listed(floatData) ?? raw(4, (at) => view.getFloat32(at, true));
    case DOUBLE:
      return listed(doubleData) ?? raw(8, (at) => view.getFloat64(at, true));
    default:
      return null;
  }
}
