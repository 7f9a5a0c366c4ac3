// A small convolutional net and its training by Adam, in plain numbers: the same seed gives the same weights on every machine. Written
// here because libraries that train in JavaScript depend on the processor or are hundreds of times larger than this net.
import { largest } from '../../../registry/extremes.ts';
import type { Random } from '../../random.ts';

/** Convolutions of 3x3 with stride 2 and a border of zeros, each with a ReLU; then dense layers, a ReLU between them. */
export interface NetShape {
  readonly side: number;
  readonly channels: number;
  readonly convolutions: readonly number[];
  readonly dense: readonly number[];
}

export interface Layer {
  readonly kind: 'convolution' | 'dense';
  readonly inputs: number;
  readonly outputs: number;
  /** Pixels of a side of what comes in; 1 for a dense layer. */
  readonly side: number;
  /** [outputs, inputs, 3, 3] or [outputs, inputs]. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

export interface Net {
  readonly layers: readonly Layer[];
}

export interface Sample {
  /** [channels, side, side] */
  readonly pixels: Float32Array;
  readonly label: number;
}

export interface TrainingOptions {
  readonly epochs: number;
  readonly batch: number;
  readonly rate: number;
}

const kernel = 3;
const taps = kernel * kernel;

/** He's initialisation. */
export function createNet({ side, channels, convolutions, dense }: NetShape, random: Random): Net {
  const layers: Layer[] = [];
  let [inputs, at] = [channels, side];
  const add = (kind: Layer['kind'], outputs: number, fanIn: number, layerSide: number) => {
    const weights = Float32Array.from({ length: outputs * fanIn }, () => random.normal(0, Math.sqrt(2 / fanIn)));
    layers.push({ kind, inputs, outputs, side: layerSide, weights, bias: new Float32Array(outputs) });
    inputs = outputs;
  };
  for (const outputs of convolutions) {
    add('convolution', outputs, inputs * taps, at);
    at = halved(at);
  }
  inputs *= at * at;
  for (const outputs of dense) add('dense', outputs, inputs, 1);
  return { layers };
}

/** Pixels of a side behind a convolution of stride 2. */
export function halved(side: number): number {
  return Math.ceil(side / 2);
}

/** @returns the values of the last layer, before a softmax */
export function predict(net: Net, pixels: Float32Array): Float32Array {
  return forward(net, pixels).at(-1) ?? pixels;
}

/**
 * @param onEpoch told the mean loss of each
 * @returns the net with its weights changed in place
 */
export function train(
  net: Net,
  samples: readonly Sample[],
  { epochs, batch, rate }: TrainingOptions,
  random: Random,
  onEpoch: (epoch: number, loss: number) => void = () => {},
): Net {
  const state = net.layers.map(({ weights, bias }) => ({ weights: adam(weights), bias: adam(bias) }));
  const order = Array.from(samples.keys());
  const steps = epochs * Math.ceil(samples.length / batch);
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, random);
    let loss = 0;
    for (let from = 0; from < order.length; from += batch) {
      const rows = order.slice(from, from + batch);
      const gradients = net.layers.map(({ weights, bias }) => ({
        weights: new Float32Array(weights.length),
        bias: new Float32Array(bias.length),
      }));
      for (const row of rows) loss += addGradients(net, samples[row] as Sample, gradients);
      step++;
      // Falls to zero along a quarter of a cosine.
      const now = rate * Math.cos((0.5 * Math.PI * (step - 1)) / steps);
      for (const [index, layer] of net.layers.entries()) {
        const [own, gradient] = [state[index], gradients[index]];
        if (own === undefined || gradient === undefined) continue;
        update(layer.weights, gradient.weights, own.weights, now, step, rows.length);
        update(layer.bias, gradient.bias, own.bias, now, step, rows.length);
      }
    }
    onEpoch(epoch, loss / samples.length);
  }
  return net;
}

export interface Gradient {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/**
 * Adds what each weight should lose of one sample.
 * @returns the sample's loss, its cross-entropy
 */
export function addGradients(net: Net, { pixels, label }: Sample, gradients: readonly Gradient[]): number {
  const values = forward(net, pixels);
  const scores = values.at(-1) ?? pixels;
  const shares = softmax(scores);
  let back = Float32Array.from(shares, (share, index) => share - (index === label ? 1 : 0));
  for (let index = net.layers.length - 1; index >= 0; index--) {
    const [layer, gradient] = [net.layers[index] as Layer, gradients[index] as Gradient];
    const [before, after] = [values[index] as Float32Array, values[index + 1] as Float32Array];
    // A ReLU stands behind each layer but the last.
    if (index < net.layers.length - 1) back = back.map((value, at) => ((after[at] ?? 0) > 0 ? value : 0));
    back =
      layer.kind === 'dense' ? denseBack(layer, before, back, gradient) : convolveBack(layer, before, back, gradient);
  }
  return -Math.log(Math.max(shares[label] ?? 0, 1e-12));
}

/** What comes in, and what each layer makes of it. */
function forward({ layers }: Net, pixels: Float32Array): Float32Array[] {
  const values = [pixels];
  for (const [index, layer] of layers.entries()) {
    const before = values.at(-1) ?? pixels;
    const after = layer.kind === 'dense' ? dense(layer, before) : convolve(layer, before);
    values.push(index < layers.length - 1 ? after.map((value) => Math.max(0, value)) : after);
  }
  return values;
}

function dense({ inputs, outputs, weights, bias }: Layer, before: Float32Array): Float32Array {
  const after = new Float32Array(outputs);
  for (let output = 0; output < outputs; output++) {
    let sum = bias[output] ?? 0;
    const row = output * inputs;
    for (let input = 0; input < inputs; input++) sum += (weights[row + input] as number) * (before[input] as number);
    after[output] = sum;
  }
  return after;
}

function denseBack(
  { inputs, outputs, weights }: Layer,
  before: Float32Array,
  back: Float32Array,
  gradient: Gradient,
): Float32Array<ArrayBuffer> {
  const further = new Float32Array(inputs);
  for (let output = 0; output < outputs; output++) {
    const value = back[output] as number;
    if (value === 0) continue;
    gradient.bias[output] = (gradient.bias[output] as number) + value;
    const row = output * inputs;
    for (let input = 0; input < inputs; input++) {
      gradient.weights[row + input] = (gradient.weights[row + input] as number) + value * (before[input] as number);
      further[input] = (further[input] as number) + value * (weights[row + input] as number);
    }
  }
  return further;
}

/** Calls with each weight of a convolution, and the pixels that it takes part in. */
function eachTap(
  { inputs, outputs, side }: Layer,
  visit: (weight: number, from: number, to: number, columns: number) => void,
): void {
  const small = halved(side);
  for (let output = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++) {
      for (let tap = 0; tap < taps; tap++) {
        const [down, across] = [Math.floor(tap / kernel) - 1, (tap % kernel) - 1];
        const weight = (output * inputs + input) * taps + tap;
        // Columns whose pixel lies within the picture.
        const first = across < 0 ? 1 : 0;
        const last = 2 * (small - 1) + across >= side ? small - 2 : small - 1;
        for (let y = 0; y < small; y++) {
          const row = 2 * y + down;
          if (row < 0 || row >= side) continue;
          const from = (input * side + row) * side + 2 * first + across;
          visit(weight, from, (output * small + y) * small + first, last - first + 1);
        }
      }
    }
  }
}

function convolve(layer: Layer, before: Float32Array): Float32Array {
  const { outputs, side, weights, bias } = layer;
  const pixels = halved(side) ** 2;
  const after = new Float32Array(outputs * pixels);
  for (let output = 0; output < outputs; output++) {
    after.fill(bias[output] as number, output * pixels, (output + 1) * pixels);
  }
  eachTap(layer, (at, from, to, columns) => {
    const weight = weights[at] as number;
    for (let x = 0; x < columns; x++) {
      after[to + x] = (after[to + x] as number) + weight * (before[from + 2 * x] as number);
    }
  });
  return after;
}

function convolveBack(
  layer: Layer,
  before: Float32Array,
  back: Float32Array,
  gradient: Gradient,
): Float32Array<ArrayBuffer> {
  const { outputs, side, weights } = layer;
  const pixels = halved(side) ** 2;
  for (let output = 0; output < outputs; output++) {
    let sum = 0;
    for (let at = output * pixels; at < (output + 1) * pixels; at++) sum += back[at] as number;
    gradient.bias[output] = (gradient.bias[output] as number) + sum;
  }
  const further = new Float32Array(before.length);
  eachTap(layer, (at, from, to, columns) => {
    const weight = weights[at] as number;
    let sum = 0;
    for (let x = 0; x < columns; x++) {
      const value = back[to + x] as number;
      sum += value * (before[from + 2 * x] as number);
      further[from + 2 * x] = (further[from + 2 * x] as number) + weight * value;
    }
    gradient.weights[at] = (gradient.weights[at] as number) + sum;
  });
  return further;
}

function softmax(values: Float32Array): number[] {
  const most = largest(Array.from(values));
  const powers = Array.from(values, (value) => Math.exp(value - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

interface Moments {
  readonly first: Float32Array;
  readonly second: Float32Array;
}

function adam({ length }: Float32Array): Moments {
  return { first: new Float32Array(length), second: new Float32Array(length) };
}

/** @see https://arxiv.org/abs/1412.6980 algorithm 1 */
function update(
  weights: Float32Array,
  gradient: Float32Array,
  { first, second }: Moments,
  rate: number,
  step: number,
  rows: number,
): void {
  const [keptFirst, keptSecond, smallest] = [0.9, 0.999, 1e-8];
  const [wholeFirst, wholeSecond] = [1 - keptFirst ** step, 1 - keptSecond ** step];
  for (let index = 0; index < weights.length; index++) {
    const slope = (gradient[index] as number) / rows;
    const mean = keptFirst * (first[index] as number) + (1 - keptFirst) * slope;
    const square = keptSecond * (second[index] as number) + (1 - keptSecond) * slope * slope;
    [first[index], second[index]] = [mean, square];
    const change = (rate * mean) / wholeFirst / (Math.sqrt(square / wholeSecond) + smallest);
    weights[index] = (weights[index] as number) - change;
  }
}

/** Fisher and Yates. */
function shuffle(order: number[], random: Random): void {
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random.uniform() * (last + 1));
    [order[last], order[other]] = [order[other] as number, order[last] as number];
  }
}
