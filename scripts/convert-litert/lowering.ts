// The state of a conversion while operators are written one after the other: which tensors hold a value of the ONNX graph, and in
// which order of dimensions. A value is transposed at most once each way.
import {
  canBeChannelsLast,
  keepsElements,
  type Order,
  permutationTo,
  permuteBytes,
  permuteShape,
  shapeIn,
} from './layout.ts';
import { Refusal } from './refusal.ts';
import type { Constant, SourceGraph, SourceNode } from './source-graph.ts';
import type { OperatorName, OptionValues, TensorTypeName } from './tflite/schema.ts';
import type { NamedTensor, Quantisation, TargetGraph, TargetOperator, TargetTensor } from './tflite/target-graph.ts';

const elementBytes: Readonly<Record<TensorTypeName, number>> = { FLOAT32: 4, INT32: 4, INT8: 1 };

export class Lowering {
  readonly graph: SourceGraph;
  readonly #tensors: TargetTensor[] = [];
  readonly #operators: TargetOperator[] = [];
  readonly #held = new Map<string, Map<Order, number>>();
  readonly #inputs: NamedTensor[] = [];

  /** @throws Refusal for inputs that are not FP32 */
  constructor(graph: SourceGraph) {
    this.graph = graph;
    for (const name of graph.inputs) {
      const { type } = graph.value(name);
      if (type !== 'FP32') throw new Refusal('input', `'${name}' is ${type}, expected FP32`);
      this.#inputs.push({ name, tensor: this.#hold(name, 'declared') });
    }
  }

  finish(): TargetGraph {
    // LiteRT leaves an output unwritten that is an input as well, or another output: such a one becomes a copy.
    const taken = new Set(this.#inputs.map(({ tensor }) => tensor));
    const outputs = this.graph.outputs.map((name) => {
      const held = this.read(name, 'declared');
      const tensor = taken.has(held) ? this.#copy(name, held) : held;
      taken.add(tensor);
      return { name, tensor };
    });
    return { tensors: this.#tensors, operators: this.#operators, inputs: this.#inputs, outputs };
  }

  /** The declared shape. */
  shape(name: string): readonly number[] {
    return this.graph.value(name).shape;
  }

  shapeIn(name: string, order: Order): readonly number[] {
    return shapeIn(order, this.shape(name));
  }

  isConstant(name: string): boolean {
    return this.graph.constants.has(name);
  }

  /**
   * The order in which values are best read together: channels last where one of them lies so and the others can.
   */
  orderOf(names: readonly string[]): Order {
    const values = names.filter((name) => !this.isConstant(name));
    const ready = values.some((name) => this.#held.get(name)?.has('channels last'));
    const able = values.every((name) => canBeChannelsLast(this.shape(name)));
    return ready && able ? 'channels last' : 'declared';
  }

  /** The tensor of a value in an order, transposed where it lies in the other. */
  read(name: string, order: Order): number {
    const known = this.#held.get(name)?.get(order);
    if (known !== undefined) return known;
    const constant = this.graph.constants.get(name);
    if (constant !== undefined) return this.#readConstant(name, constant, order);
    const other = order === 'declared' ? 'channels last' : 'declared';
    const from = this.#held.get(name)?.get(other);
    if (from === undefined) throw new Error(`nothing has made '${name}'`);
    const permutation = permutationTo(order);
    const shape = shapeIn(other, this.shape(name));
    const into = this.#hold(name, order);
    if (keepsElements(shape, permutation)) this.#reshape(from, into);
    else this.#add('TRANSPOSE', [from, this.integers(permutation)], into, {});
    return into;
  }

  /** A tensor whose elements lie in the declared order, whatever its dimensions are. */
  readElements(name: string): number {
    const last = this.#held.get(name)?.get('channels last');
    if (last === undefined || this.#held.get(name)?.has('declared')) return this.read(name, 'declared');
    const keeps = keepsElements(shapeIn('channels last', this.shape(name)), permutationTo('declared'));
    return keeps ? last : this.read(name, 'declared');
  }

  /** Writes the operator whose output is the value. */
  write(
    name: string,
    order: Order,
    operator: OperatorName,
    inputs: readonly number[],
    options: OptionValues = {},
  ): void {
    this.#add(operator, inputs, this.#hold(name, order), options);
  }

  /** Writes an operator whose output is no value of the ONNX graph. @param like whose type and scales it has */
  step(
    operator: OperatorName,
    inputs: readonly number[],
    shape: readonly number[],
    options: OptionValues = {},
  ): number {
    const like = this.#tensor(inputs[0] ?? 0);
    const into = this.#push({ ...like, name: `step ${this.#tensors.length}`, shape, data: null });
    this.#add(operator, inputs, into, options);
    return into;
  }

  /** Lets a value be the tensor that another one is in. */
  alias(name: string, order: Order, tensor: number): void {
    const known = this.#held.get(name) ?? new Map<Order, number>();
    known.set(order, tensor);
    this.#held.set(name, known);
  }

  /** The tensor that the value lies in already; undefined where it would be transposed. */
  held(name: string, order: Order): number | undefined {
    return this.#held.get(name)?.get(order);
  }

  reshape(name: string, order: Order, from: number): void {
    this.#reshape(from, this.#hold(name, order));
  }

  integers(values: readonly number[]): number {
    const data = new Uint8Array(Int32Array.from(values).buffer);
    return this.constant('INT32', [values.length], data);
  }

  floats(values: readonly number[], shape: readonly number[] = [values.length]): number {
    return this.constant('FLOAT32', shape, new Uint8Array(Float32Array.from(values).buffer));
  }

  constant(
    type: TensorTypeName,
    shape: readonly number[],
    data: Uint8Array,
    quantisation: Quantisation | null = null,
  ): number {
    return this.#push({ name: `constant ${this.#tensors.length}`, shape, type, data, quantisation });
  }

  /** A constant of the ONNX graph with its dimensions moved. */
  filter(name: string, node: SourceNode, permutation: readonly number[]): number {
    const constant = this.graph.constants.get(name);
    if (constant === undefined) throw new Refusal(node.operator, `'${name}' is computed, expected a constant`);
    const { shape } = constant;
    const type = this.#typeOf(name);
    const quantisation = this.graph.quantisations.get(name) ?? null;
    const scaled =
      quantisation === null ? null : { ...quantisation, dimension: permutation.indexOf(quantisation.dimension) };
    const data = permuteBytes(signed(constant), elementBytes[type], shape, permutation);
    return this.constant(type, permuteShape(shape, permutation), data, scaled);
  }

  isQuantised(name: string): boolean {
    return this.graph.quantisations.has(name);
  }

  #readConstant(name: string, constant: Constant, order: Order): number {
    const type = this.#typeOf(name);
    const quantisation = this.graph.quantisations.get(name) ?? null;
    const data = signed(constant);
    const count = constant.shape.reduce((product, size) => product * size, 1);
    if (count === 1) return this.constant(type, [1], data, quantisation);
    if (order === 'declared') return this.constant(type, constant.shape, data, quantisation);
    // Dimensions that broadcasting would put before the others.
    const shape = [...Array<number>(4 - constant.shape.length).fill(1), ...constant.shape];
    const permutation = permutationTo(order);
    const moved = permuteBytes(data, elementBytes[type], shape, permutation);
    return this.constant(type, permuteShape(shape, permutation), moved, quantisation);
  }

  #hold(name: string, order: Order): number {
    const tensor = this.#push({
      name: order === 'declared' ? name : `${name} (channels last)`,
      shape: shapeIn(order, this.shape(name)),
      type: this.#typeOf(name),
      data: null,
      quantisation: this.graph.quantisations.get(name) ?? null,
    });
    this.alias(name, order, tensor);
    return tensor;
  }

  #typeOf(name: string): TensorTypeName {
    const { type } = this.graph.value(name);
    if (type === 'FP32') return 'FLOAT32';
    if (this.isQuantised(name)) return type === 'INT32' ? 'INT32' : 'INT8';
    throw new Refusal(this.graph.producer(name)?.operator ?? 'constant', `'${name}' is ${type}, expected FP32`);
  }

  #reshape(from: number, into: number): void {
    const { shape } = this.#tensor(into);
    this.#add('RESHAPE', [from, this.integers(shape)], into, { newShape: shape });
  }

  #copy(name: string, from: number): number {
    const into = this.#push({ ...this.#tensor(from), name });
    this.#reshape(from, into);
    return into;
  }

  #add(operator: OperatorName, inputs: readonly number[], output: number, options: OptionValues): void {
    this.#operators.push({ operator, inputs, outputs: [output], options });
  }

  #push(tensor: TargetTensor): number {
    return this.#tensors.push(tensor) - 1;
  }

  #tensor(index: number): TargetTensor {
    const tensor = this.#tensors[index];
    if (tensor === undefined) throw new Error(`there is no tensor ${index}`);
    return tensor;
  }
}

/** Bytes without a sign become bytes with one: 128 less, as their zero points. */
function signed({ type, data }: Constant): Uint8Array {
  return type === 'UINT8' ? data.map((value) => value ^ 0x80) : data;
}
