// Manifests with baselines of generated data, and live data drawn from the same or another distribution; all seeded.
import { type Baseline, takeBaseline } from '../../../../registry/baseline.ts';
import type { FeatureTensor } from '../../../../registry/feature.ts';
import type { Manifest } from '../../../../registry/manifest.ts';
import type { Datatype, Signature } from '../../../../registry/signature.ts';
import { unmeasuredManifest } from '../../../../scripts/checks/unmeasured-manifest.ts';
import type { Random } from '../../../../scripts/random.ts';
import type { Tensor } from '../../../../worker/protocol/tensor.ts';
import type { Sender } from '../../../../worker/telemetry/drift/caller-bucket.ts';
import { layoutOf, missingSlot, outsideSlot } from '../../../../worker/telemetry/drift/layout.ts';

/** The caller of tests in which it does not matter who calls. */
export const somebody: Sender = { id: '192.0.2.1', known: false };

const digest = `sha256:${'0'.repeat(64)}`;

export function baselineOf(
  signature: Signature,
  tensors: Readonly<Record<string, FeatureTensor>>,
  rows: number,
): Baseline {
  const given = new Map(Object.entries(tensors).map(([name, tensor]) => [name, [tensor]]));
  return takeBaseline(signature, { tensors: given }, { file: 'reference.csv', digest, rows });
}

export function manifestWith(signature: Signature, baseline: Baseline, changes: Partial<Manifest> = {}): Manifest {
  return unmeasuredManifest('m', '1', { digest, bytes: 1 }, signature, { warmup: null, baseline, ...changes });
}

/** A tensor of raw little-endian elements at an odd offset, as it may lie in a request's body. */
export function tensorOf(
  name: string,
  datatype: Datatype,
  shape: number[],
  elements: FeatureTensor['elements'],
): Tensor {
  if (datatype === 'BYTES') {
    const encoder = new TextEncoder();
    return { name, datatype, shape, data: Array.from(elements as ArrayLike<string>, (text) => encoder.encode(text)) };
  }
  const raw = new Uint8Array((elements as Float64Array).buffer);
  const body = new Uint8Array(raw.length + 1);
  body.set(raw, 1);
  return { name, datatype, shape, data: body.subarray(1) };
}

/** Six features as tables have them: a bell, a skewed one, an even one, one of few values, one with values missing, a category. */
export function drawRow(random: Random, shift = 0): { numbers: number[]; text: string } {
  const few = Math.floor(random.uniform() * 4);
  return {
    numbers: [
      random.normal(20 + 5 * shift, 5),
      Math.exp(random.normal(0, 1)),
      random.uniform(),
      few,
      random.chance(0.1) ? Number.NaN : random.normal(0, 1),
    ],
    text: random.pick({ L: 50, M: 30, H: 19, X: 1 }),
  };
}

/** A linear score over the row, as a model would give. */
function scoreOf(numbers: readonly number[]): number {
  return 1 / (1 + Math.exp(-((numbers[0] ?? 0) - 20) / 5 - (numbers[2] ?? 0)));
}

export const tableSignature: Signature = {
  inputs: [
    { name: 'features', datatype: 'FP64', shape: [-1, 5] },
    { name: 'type', datatype: 'BYTES', shape: [-1, 1] },
  ],
  outputs: [{ name: 'score', datatype: 'FP64', shape: [-1, 1] }],
};

export function drawTable(
  random: Random,
  rows: number,
  shift = 0,
): Record<'features' | 'type' | 'score', FeatureTensor> {
  const drawn = Array.from({ length: rows }, () => drawRow(random, shift));
  return {
    features: { shape: [rows, 5], elements: Float64Array.from(drawn.flatMap(({ numbers }) => numbers)) },
    type: { shape: [rows, 1], elements: drawn.map(({ text }) => text) },
    score: { shape: [rows, 1], elements: Float64Array.from(drawn, ({ numbers }) => scoreOf(numbers)) },
  };
}

/** The counts that the Worker has to reach, by the functions that made the baseline. */
export function flatten(baseline: Baseline): Float64Array {
  const layout = layoutOf(baseline);
  const flat = new Float64Array(layout.slots);
  for (const slots of layout.features) {
    const { bins, missing, outside } = slots.baseline.counts;
    flat.set(bins, slots.at);
    flat[missingSlot(slots)] = missing;
    flat[outsideSlot(slots)] = outside;
  }
  return flat;
}
