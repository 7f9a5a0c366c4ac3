// The ONNX graph as the conversion works on it: nodes with the activation that was fused into them, constants as elements, the shape
// and type of every value, and the scales of those that are quantised.
import { decodeTensor } from '../inspect/tensor-proto.ts';
import { attributeOf, isOperator, textOf } from '../onnx/graph-index.ts';
import type { GraphProto, NodeProto } from '../onnx/onnx_pb.ts';
import { Refusal } from './refusal.ts';
import type { Activation } from './tflite/schema.ts';
import type { Quantisation } from './tflite/target-graph.ts';

/** Types by the numbers of onnx.proto that a graph may have here. */
const typeNames: Readonly<Record<number, ValueType>> = {
  1: 'FP32',
  2: 'UINT8',
  3: 'INT8',
  6: 'INT32',
  7: 'INT64',
  9: 'BOOL',
};

export type ValueType = 'FP32' | 'UINT8' | 'INT8' | 'INT32' | 'INT64' | 'BOOL';

export interface ValueInfo {
  readonly shape: readonly number[];
  readonly type: ValueType;
}

export interface Constant extends ValueInfo {
  /** Row-major little-endian elements. */
  readonly data: Uint8Array;
}

export interface SourceNode {
  readonly operator: string;
  /** Of the model's file, for its attributes; null for one that stands for several. */
  readonly proto: NodeProto | null;
  /** Empty names are inputs that were left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly activation: Activation;
}

export class SourceGraph {
  nodes: readonly SourceNode[];
  readonly opset: number;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly constants = new Map<string, Constant>();
  readonly quantisations = new Map<string, Quantisation>();
  readonly #values: Map<string, ValueInfo>;

  /**
   * @param graph one whose shapes are fixed and whose constants are folded
   * @param values shape and type of every value that a node makes or the caller gives
   * @throws Refusal for an operator of another domain
   */
  constructor(graph: GraphProto, opset: number, values: ReadonlyMap<string, ValueInfo>) {
    this.opset = opset;
    this.#values = new Map(values);
    for (const tensor of graph.initializer) {
      const type = typeNames[tensor.dataType];
      const { shape, data } = decodeTensor(tensor);
      if (type === undefined || !(data instanceof Uint8Array)) continue;
      const constant = { shape, type, data };
      this.constants.set(tensor.name, constant);
      this.#values.set(tensor.name, constant);
    }
    this.inputs = graph.input.map(({ name }) => name).filter((name) => !this.constants.has(name));
    this.outputs = graph.output.map(({ name }) => name);
    this.nodes = graph.node.map((proto) => {
      if (!isOperator(proto, proto.opType))
        throw new Refusal(`${proto.domain}.${proto.opType}`, 'its domain is not covered');
      const [inputs, outputs] = [proto.input, proto.output];
      return { operator: proto.opType, proto, inputs, outputs, activation: 'NONE' };
    });
  }

  value(name: string): ValueInfo {
    const known = this.#values.get(name);
    if (known === undefined) throw new Error(`the shape of '${name}' is not known`);
    return known;
  }

  producer(name: string): SourceNode | undefined {
    return this.nodes.find(({ outputs }) => outputs.includes(name));
  }

  consumers(name: string): SourceNode[] {
    return this.nodes.filter(({ inputs }) => inputs.includes(name));
  }

  /** The only node that reads a value, unless the value is an output of the graph as well. */
  onlyConsumer(name: string): SourceNode | undefined {
    if (this.outputs.includes(name)) return undefined;
    const readers = this.consumers(name);
    return readers.length === 1 ? readers[0] : undefined;
  }

  /** Puts `into` where the last of the given nodes was. */
  replace(nodes: readonly SourceNode[], into: SourceNode): void {
    const last = this.nodes.findLast((node) => nodes.includes(node));
    this.nodes = this.nodes.flatMap((node) => {
      if (node === last) return [into];
      return nodes.includes(node) ? [] : [node];
    });
  }

  /** Leaves out what nothing reads any more. */
  sweep(): void {
    for (;;) {
      const read = new Set([...this.outputs, ...this.nodes.flatMap(({ inputs }) => inputs)]);
      const kept = this.nodes.filter(({ outputs }) => outputs.some((name) => read.has(name)));
      if (kept.length === this.nodes.length) return;
      this.nodes = kept;
    }
  }

  /** The elements of a constant as numbers; null where the value is none. */
  numbers(name: string | undefined): readonly number[] | null {
    const constant = name === undefined ? undefined : this.constants.get(name);
    return constant === undefined ? null : numbersOf(constant);
  }

  /** The only element of a constant; null where the value is none, or has several. */
  scalar(name: string | undefined): number | null {
    const numbers = this.numbers(name);
    return numbers?.length === 1 ? (numbers[0] ?? null) : null;
  }
}

export function numbersOf({ type, data }: Constant): number[] {
  const { buffer } = data.slice();
  switch (type) {
    case 'FP32':
      return [...new Float32Array(buffer)];
    case 'INT64':
      return [...new BigInt64Array(buffer)].map(Number);
    case 'INT32':
      return [...new Int32Array(buffer)];
    case 'INT8':
      return [...new Int8Array(buffer)];
    default:
      return [...data];
  }
}

export function integer({ proto }: SourceNode, name: string, otherwise: number): number {
  const attribute = proto === null ? undefined : attributeOf(proto, name);
  return attribute === undefined ? otherwise : Number(attribute.i);
}

export function integers({ proto }: SourceNode, name: string): number[] | null {
  return (proto === null ? undefined : attributeOf(proto, name))?.ints.map(Number) ?? null;
}

export function decimal({ proto }: SourceNode, name: string, otherwise: number): number {
  return (proto === null ? undefined : attributeOf(proto, name))?.f ?? otherwise;
}

export function text({ proto }: SourceNode, name: string, otherwise: string): string {
  const attribute = proto === null ? undefined : attributeOf(proto, name);
  return attribute === undefined ? otherwise : textOf(attribute.s);
}
