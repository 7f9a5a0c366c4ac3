// The net's training: its gradients against differences of the loss, and what it learns of a task that is easy.
import { describe, expect, it } from 'vitest';
import {
  addGradients,
  createNet,
  type Gradient,
  type Net,
  predict,
  type Sample,
  train,
} from '../../../../scripts/demo/gauge/conv-net.ts';
import { Random } from '../../../../scripts/random.ts';

function noGradients({ layers }: Net): Gradient[] {
  return layers.map(({ weights, bias }) => ({
    weights: new Float32Array(weights.length),
    bias: new Float32Array(bias.length),
  }));
}

/** Bright in one of four corners, which is the label. */
function corner(random: Random, side: number): Sample {
  const label = Math.floor(random.uniform() * 4);
  const half = side / 2;
  const pixels = Float32Array.from({ length: side * side }, (_, at) => {
    const [x, y] = [at % side, Math.floor(at / side)];
    const quadrant = (x >= half ? 1 : 0) + (y >= half ? 2 : 0);
    return (quadrant === label ? 0.5 : 0) + random.normal(0, 0.2);
  });
  return { pixels, label };
}

describe.each([6, 7])('a net on pictures of %i pixels a side', (side) => {
  it('has the gradients that small changes of its weights show', () => {
    const random = new Random(side);
    const shape = { side, channels: 2, convolutions: [3, 4], dense: [5, 3] };
    const net = createNet(shape, random);
    const sample = {
      pixels: Float32Array.from({ length: 2 * side * side }, () => random.normal(0, 1)),
      label: 1,
    };
    const gradients = noGradients(net);
    addGradients(net, sample, gradients);
    const step = 1e-3;
    for (const [index, layer] of net.layers.entries()) {
      for (const [values, slopes] of [
        [layer.weights, gradients[index]?.weights],
        [layer.bias, gradients[index]?.bias],
      ] as const) {
        for (let draw = 0; draw < 12; draw++) {
          const at = Math.floor(random.uniform() * values.length);
          const before = values[at] ?? 0;
          const lossAt = (value: number) => {
            values[at] = value;
            return addGradients(net, sample, noGradients(net));
          };
          const slope = (lossAt(before + step) - lossAt(before - step)) / (2 * step);
          values[at] = before;
          expect(slopes?.[at], `layer ${index}`).toBeCloseTo(slope, 2);
        }
      }
    }
  });
});

it('learns which corner is bright, and the same from the same seed', () => {
  const learn = () => {
    const random = new Random(5);
    const samples = Array.from({ length: 200 }, () => corner(random, 8));
    const net = createNet({ side: 8, channels: 1, convolutions: [4, 6], dense: [4] }, random);
    const losses: number[] = [];
    train(net, samples, { epochs: 8, batch: 8, rate: 0.01 }, random, (_, loss) => losses.push(loss));
    const asked = Array.from({ length: 100 }, () => corner(random, 8));
    const right = asked.filter(({ pixels, label }) => {
      const values = [...predict(net, pixels)];
      return values.indexOf(Math.max(...values)) === label;
    });
    return { losses, right: right.length, weights: net.layers.map(({ weights }) => [...weights]) };
  };
  const first = learn();
  expect(first.right).toBeGreaterThan(95);
  expect(first.losses.at(-1)).toBeLessThan(first.losses[0] ?? 0);
  expect(learn()).toEqual(first);
});
