// Two convolution nets with random weights, for what the zoo's models leave out: residual blocks whose normalisation comes first and
// cannot be folded, hard swish as an operator, and a detector's head with Resize, Concat, Sigmoid-Mul and MaxPool.
import { floats, integers, model, node, tensorValue } from '../../onnx/build.ts';
import type { OnnxModel } from '../../onnx/model-file.ts';
import type { NodeProto, TensorProto } from '../../onnx/onnx_pb.ts';
import { Random } from '../../random.ts';

const float32 = 1;

/** Writes layers one after the other and names their values. */
class Layers {
  readonly nodes: NodeProto[] = [];
  readonly constants: TensorProto[] = [];
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  add(operator: string, inputs: string[], attributes: Parameters<typeof node>[3] = {}): string {
    const output = `${operator.toLowerCase()}-${this.nodes.length}`;
    this.nodes.push(node(operator, inputs, [output], attributes));
    return output;
  }

  /** Weights that keep the spread of what goes through them. */
  weights(shape: readonly number[], inputs: number): string {
    const count = shape.reduce((product, size) => product * size, 1);
    const deviation = Math.sqrt(2 / inputs);
    return this.constant(
      shape,
      Array.from({ length: count }, () => this.#random.normal(0, deviation)),
    );
  }

  constant(shape: readonly number[], values: readonly number[]): string {
    const name = `constant-${this.constants.length}`;
    this.constants.push(floats(name, shape, values));
    return name;
  }

  sizes(values: readonly number[]): string {
    const name = `constant-${this.constants.length}`;
    this.constants.push(integers(name, [values.length], values));
    return name;
  }

  convolution(input: string, from: number, to: number, kernel: number, stride = 1, group = 1): string {
    const pad = Math.floor(kernel / 2);
    const filter = this.weights([to, from / group, kernel, kernel], (from / group) * kernel * kernel);
    const offsets = this.constant([to], this.#draw(to, 0, 0.1));
    return this.add('Conv', [input, filter, offsets], {
      kernel_shape: { ints: [kernel, kernel] },
      strides: { ints: [stride, stride] },
      pads: { ints: [pad, pad, pad, pad] },
      group: { int: group },
    });
  }

  normalisation(input: string, channels: number): string {
    const scale = this.constant([channels], this.#draw(channels, 1, 0.1));
    const offset = this.constant([channels], this.#draw(channels, 0, 0.1));
    const mean = this.constant([channels], this.#draw(channels, 0, 0.1));
    const variance = this.constant([channels], this.#draw(channels, 1, 0.1).map(Math.abs));
    return this.add('BatchNormalization', [input, scale, offset, mean, variance], { epsilon: { float: 1e-5 } });
  }

  #draw(count: number, mean: number, deviation: number): number[] {
    return Array.from({ length: count }, () => this.#random.normal(mean, deviation));
  }
}

export const residualInput = [1, 3, 128, 128] as const;

export function residualNet(): OnnxModel {
  const layers = new Layers(1);
  let value = layers.normalisation(layers.convolution('x', 3, 32, 3, 2), 32);
  value = layers.add('HardSwish', [value]);
  for (const [from, to, stride] of [
    [32, 32, 1],
    [32, 64, 2],
    [64, 64, 1],
    [64, 128, 2],
    [128, 128, 1],
  ] as const) {
    const first = layers.add('HardSwish', [layers.normalisation(value, from)]);
    const middle = layers.convolution(first, from, to, 3, stride);
    const second = layers.add('HardSwish', [layers.normalisation(middle, to)]);
    const inner = layers.convolution(second, to, to, 3);
    const beside = from === to ? value : layers.convolution(value, from, to, 1, stride);
    value = layers.add('Add', [inner, beside]);
  }
  value = layers.add('Relu', [layers.normalisation(value, 128)]);
  value = layers.add('Flatten', [layers.add('GlobalAveragePool', [value])], { axis: { int: 1 } });
  value = layers.add(
    'Gemm',
    [value, layers.weights([10, 128], 128), layers.constant([10], Array<number>(10).fill(0))],
    {
      transB: { int: 1 },
    },
  );
  layers.nodes.push(node('Softmax', [value], ['probabilities'], { axis: { int: -1 } }));
  return model({
    name: 'residual',
    opsets: { '': 14 },
    inputs: [tensorValue('x', float32, residualInput)],
    outputs: [tensorValue('probabilities', float32, [1, 10])],
    nodes: layers.nodes,
    initializers: layers.constants,
  });
}

export const detectorInput = [1, 3, 160, 160] as const;

/** A small detector in the manner of YOLO: 10 * 10 and 20 * 20 cells of 4 + 1 + 3 numbers. */
export function detectorNet(): OnnxModel {
  const layers = new Layers(2);
  const silu = (input: string) => layers.add('Mul', [input, layers.add('Sigmoid', [input])]);
  const block = (input: string, from: number, to: number, kernel: number, stride = 1) =>
    silu(layers.convolution(input, from, to, kernel, stride));
  const join = (inputs: string[]) => layers.add('Concat', inputs, { axis: { int: 1 } });
  const early = block(block(block('x', 3, 16, 3, 2), 16, 32, 3, 2), 32, 64, 3, 2);
  const halves = layers.add('Slice', [early, layers.sizes([0]), layers.sizes([32]), layers.sizes([1])]);
  const fine = block(join([early, block(halves, 32, 32, 3)]), 96, 64, 1);
  const coarse = block(fine, 64, 128, 3, 2);
  const pooled = [block(coarse, 128, 64, 1)];
  for (let times = 0; times < 3; times++) {
    const pool = { kernel_shape: { ints: [5, 5] }, pads: { ints: [2, 2, 2, 2] }, strides: { ints: [1, 1] } };
    pooled.push(layers.add('MaxPool', pooled.slice(-1), pool));
  }
  const deep = block(join(pooled), 256, 128, 1);
  const grown = layers.add('Resize', [deep, '', layers.constant([4], [1, 1, 2, 2])], {
    mode: { string: 'nearest' },
    coordinate_transformation_mode: { string: 'asymmetric' },
    nearest_mode: { string: 'floor' },
  });
  const shallow = block(join([grown, fine]), 192, 64, 3);
  const heads = [
    [deep, 128, 100],
    [shallow, 64, 400],
  ] as const;
  const cells = heads.map(([input, channels, count]) => {
    const raw = layers.convolution(input, channels, 8, 1);
    const flat = layers.add('Reshape', [raw, layers.sizes([1, 8, count])]);
    return layers.add('Transpose', [layers.add('Sigmoid', [flat])], { perm: { ints: [0, 2, 1] } });
  });
  layers.nodes.push(node('Concat', cells, ['cells'], { axis: { int: 1 } }));
  return model({
    name: 'detector',
    opsets: { '': 13 },
    inputs: [tensorValue('x', float32, detectorInput)],
    outputs: [tensorValue('cells', float32, [1, 500, 8])],
    nodes: layers.nodes,
    initializers: layers.constants,
  });
}
