// Features of pictures and texts, and of their answers, counted into the bins that reference data made.
import { expect, test } from 'vitest';
import { baselineSchema, takeItemBaseline } from '../../../../registry/baseline.ts';
import type { ItemFeatures } from '../../../../registry/feature.ts';
import { Random } from '../../../../scripts/random.ts';
import { CountingPlan } from '../../../../worker/telemetry/drift/counting-plan.ts';
import { layoutOf, missingSlot, outsideSlot } from '../../../../worker/telemetry/drift/layout.ts';
import { flatten, manifestWith, somebody, tensorOf } from './baselines.ts';

const signature = {
  inputs: [{ name: 'pixels', datatype: 'FP32' as const, shape: [-1, 4] }],
  outputs: [{ name: 'scores', datatype: 'FP32' as const, shape: [-1, 2] }],
};
const random = new Random(3);
const drawn = Array.from({ length: 400 }, () => ({
  item: {
    brightness: random.normal(120, 20),
    aspect: random.pick({ '1.5': 3, '1': 1 }) === '1' ? 1 : 1.5,
  } as ItemFeatures,
  answer: {
    label: random.pick({ cat: 5, dog: 4, '': 1 }),
    confidence: random.chance(0.1) ? Number.NaN : random.uniform(),
  } as ItemFeatures,
}));
const baseline = takeItemBaseline(
  {
    ...{ input: 'pixels', items: drawn.map(({ item }) => item) },
    ...{ output: 'scores', answers: drawn.map(({ answer }) => answer) },
  },
  { file: 'pictures', digest: `sha256:${'0'.repeat(64)}`, rows: drawn.length },
);
const inputs = [tensorOf('pixels', 'FP32', [1, 4], new Float32Array(4))];
const layout = layoutOf(baseline);
const plan = () => new CountingPlan(manifestWith(signature, baseline), baseline);

test('a baseline has numbers in bins and labels as categories, and is a part of a manifest', () => {
  expect(baselineSchema.parse(baseline)).toEqual(baseline);
  expect(baseline.inputs.map(({ name, tensor, take }) => [name, tensor, take])).toEqual([
    ['brightness', 'pixels', { item: 'brightness' }],
    ['aspect', 'pixels', { item: 'aspect' }],
  ]);
  const [label, confidence] = baseline.outputs;
  expect(label).toMatchObject({
    name: 'label',
    tensor: 'scores',
    bins: { kind: 'categorical', categories: ['cat', 'dog'] },
  });
  expect(confidence).toMatchObject({ name: 'confidence', bins: { kind: 'numeric' } });
  expect(confidence?.bins.kind === 'numeric' && confidence.bins.edges.length).toBe(9);
});

test('live items are counted as the reference was, in requests of any size', () => {
  const counting = plan();
  for (let from = 0; from < drawn.length; from += 7) {
    counting.count(somebody, inputs, [], () => drawn.slice(from, from + 7));
  }
  const [tally] = counting.take();
  expect(tally?.counts).toEqual(flatten(baseline));
  expect([tally?.requests, tally?.rows]).toEqual([58, 400]);
});

test('what is missing and what the reference did not have', () => {
  const counting = plan();
  counting.count(somebody, inputs, [], () => [
    { item: { brightness: 1e6 }, answer: { label: 'bird', confidence: 0.5 } },
    { item: { brightness: Number.NaN, aspect: 1 }, answer: {} },
  ]);
  const counts = counting.take()[0]?.counts ?? [];
  const told = Object.fromEntries(
    layout.features.map((slots) => [slots.baseline.name, [counts[missingSlot(slots)], counts[outsideSlot(slots)]]]),
  );
  expect(told).toEqual({ brightness: [1, 1], aspect: [1, 0], label: [1, 1], confidence: [1, 0] });
});

test('tensors that are sent to such a version are not counted', () => {
  const counting = plan();
  counting.count(somebody, inputs, []);
  expect(counting.take()).toEqual([]);
});
