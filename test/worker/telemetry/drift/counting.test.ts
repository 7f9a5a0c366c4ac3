// Counting in the isolate against the functions that made the baseline: the same values must fall into the same bins.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inRows } from '../../../../registry/batch.ts';
import { featureValues, type Take } from '../../../../registry/feature.ts';
import { type Datatype, elementBytes, type Signature } from '../../../../registry/signature.ts';
import { Random } from '../../../../scripts/random.ts';
import { elementsOf, type NumericDatatype } from '../../../../worker/protocol/elements.ts';
import { CountingPlan, isSampled } from '../../../../worker/telemetry/drift/counting-plan.ts';
import { DriftCounter } from '../../../../worker/telemetry/drift/drift-counter.ts';
import { readElement } from '../../../../worker/telemetry/drift/element.ts';
import { addCounts, layoutOf } from '../../../../worker/telemetry/drift/layout.ts';
import { baselineOf, drawTable, flatten, manifestWith, somebody, tableSignature, tensorOf } from './baselines.ts';

const numeric = Object.keys(elementBytes).filter((datatype) => datatype !== 'BYTES') as NumericDatatype[];

describe('reading elements', () => {
  it.each(numeric)('of %s gives what a typed array gives, at any alignment', (datatype) => {
    const size = elementBytes[datatype];
    fc.assert(
      fc.property(fc.uint8Array({ minLength: size * 3, maxLength: size * 3 }), fc.nat(7), (bytes, offset) => {
        const body = new Uint8Array(bytes.length + offset);
        body.set(bytes, offset);
        const data = body.subarray(offset);
        const expected = Array.from(elementsOf(datatype, data) as ArrayLike<number | bigint>, Number);
        expect([0, 1, 2].map((at) => readElement(datatype, data, at))).toEqual(expected);
      }),
    );
  });
});

/** A table's counts: by the Worker's plan, in requests of the given sizes. */
function countLive(seed: number, requests: readonly number[]) {
  const random = new Random(seed);
  const baseline = baselineOf(tableSignature, drawTable(random, 500), 500);
  const plan = new CountingPlan(manifestWith(tableSignature, baseline), baseline);
  const parts: Float64Array[] = [];
  const whole = { features: [] as number[], type: [] as string[], score: [] as number[] };
  for (const rows of requests) {
    // Shifted, so that values out of range come as well.
    const table = drawTable(random, rows, 2);
    whole.features.push(...(table.features.elements as Float64Array));
    whole.type.push(...(table.type.elements as string[]));
    whole.score.push(...(table.score.elements as Float64Array));
    plan.count(
      somebody,
      [
        tensorOf('features', 'FP64', [rows, 5], table.features.elements),
        tensorOf('type', 'BYTES', [rows, 1], table.type.elements),
      ],
      [tensorOf('score', 'FP64', [rows, 1], table.score.elements)],
    );
    const [taken] = plan.take();
    expect(taken?.rows).toBe(rows);
    parts.push(taken?.counts ?? new Float64Array());
  }
  return { baseline, parts, whole };
}

describe('counting', () => {
  it('ends at once for rows without elements, however many a shape claims', () => {
    const baseline = baselineOf(tableSignature, drawTable(new Random(1), 100), 100);
    const plan = new CountingPlan(manifestWith(tableSignature, baseline), baseline);
    const empty = (name: string) => ({ name, datatype: 'FP64' as const, shape: [10 ** 15, 0], data: new Uint8Array() });
    plan.count(somebody, [tensorOf('features', 'FP64', [0, 5], new Float64Array())], [empty('score')]);
    const [taken] = plan.take();
    expect(Math.max(...(taken?.counts ?? []))).toBe(4096);
  });

  it('puts every value where the baseline would have put it, in any split into requests and any order of merging', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.nat(), sizes, fc.func(fc.nat()), (seed, requests, order) => {
        const { baseline, parts, whole } = countLive(seed, requests);
        const rows = whole.type.length;
        const tables = {
          features: { shape: [rows, 5], elements: Float64Array.from(whole.features) },
          type: { shape: [rows, 1], elements: whole.type },
          score: { shape: [rows, 1], elements: Float64Array.from(whole.score) },
        };
        const recounted = structuredClone(baseline);
        for (const feature of [...recounted.inputs, ...recounted.outputs]) {
          const { tensor, take, bins } = feature;
          const values = featureValues(take as Take, tables[tensor as keyof typeof tables]);
          feature.counts = countByHand(bins, values);
        }
        const merged = new Float64Array(layoutOf(baseline).slots);
        for (const part of parts.toSorted((a, b) => order(a[0]) - order(b[0]))) addCounts(merged, part);
        expect(merged).toEqual(flatten(recounted));
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['FP32', new Float32Array(2 * 3 * 64).map((_, index) => Math.sin(index))],
    ['UINT8', new Uint8Array(2 * 3 * 64).map((_, index) => (index * 37) % 256)],
  ] as [Datatype, Float32Array | Uint8Array][])(
    'sums up large rows of %s as the baseline does',
    (datatype, elements) => {
      const signature = {
        inputs: [{ name: 'image', datatype, shape: [-1, 3, 8, 8] }],
        outputs: [{ name: 'classes', datatype: 'FP32' as const, shape: [-1, 12] }],
      };
      const scores = new Float32Array(2 * 12).map((_, index) => (index === 5 || index === 20 ? 0.89 : 0.01));
      const tensors = {
        image: { shape: [2, 3, 8, 8], elements },
        classes: { shape: [2, 12], elements: scores },
      };
      const baseline = baselineOf(signature, tensors, 2);
      expect([...baseline.inputs, ...baseline.outputs].map(({ take }) => take)).toEqual([
        ...['mean', 'contrast', 'energy'],
        ...['argmax', 'max'],
      ]);
      const plan = new CountingPlan(manifestWith(signature, baseline), baseline);
      plan.count(
        somebody,
        [tensorOf('image', datatype, [2, 3, 8, 8], elements)],
        [tensorOf('classes', 'FP32', [2, 12], scores)],
      );
      expect(plan.take()).toMatchObject([{ requests: 1, rows: 2, counts: flatten(baseline) }]);
    },
  );

  it('samples what sums up large rows where it would cost more than 2 % of the run, and nothing else', () => {
    const signature = {
      inputs: [
        { name: 'audio', datatype: 'FP32' as const, shape: [-1, 16_000] },
        { name: 'gain', datatype: 'FP32' as const, shape: [-1, 1] },
      ],
      outputs: [{ name: 'y', datatype: 'FP32' as const, shape: [-1, 1] }],
    };
    const one = (size: number) => ({ shape: [1, size], elements: new Float32Array(size).fill(0.5) });
    const baseline = baselineOf(signature, { audio: one(16_000), gain: one(1), y: one(1) }, 1);
    const planFor = (runMs: number) =>
      new CountingPlan(
        manifestWith(signature, baseline, {
          runtime: {
            onnxruntime: '1.30.0',
            graphOptimization: 'all',
            profiles: { lean: { heapBytes: 0, createMs: 0, runMs } },
          },
          warmup: [
            { name: 'audio', shape: [1, 16_000] },
            { name: 'gain', shape: [1, 1] },
          ],
        }),
        baseline,
      );
    expect(planFor(1000).every).toBe(1);
    const plan = planFor(1);
    // 4 passes over 16,000 elements at 2 ns are 128 us, of which 20 us are allowed.
    expect(plan.every).toBe(7);
    const [audio, gain] = [one(16_000), one(1)];
    const inputs = [
      tensorOf('audio', 'FP32', audio.shape, audio.elements),
      tensorOf('gain', 'FP32', gain.shape, gain.elements),
    ];
    for (let request = 0; request < 700; request++)
      plan.count(somebody, inputs, [tensorOf('y', 'FP32', [1, 1], gain.elements)]);
    const [{ rows, counts } = { rows: 0, counts: new Float64Array() }] = plan.take();
    const totals = plan.layout.features.map(({ at, bins }) => counts.subarray(at, at + bins).reduce((a, b) => a + b));
    expect(rows).toBe(700);
    expect(totals.slice(3)).toEqual([700, 700]);
    expect(new Set(totals.slice(0, 3)).size).toBe(1);
    expect(totals[0]).toBeGreaterThan(70);
    expect(totals[0]).toBeLessThan(130);
  });

  it('chooses the same requests each time, in no step with any small period', () => {
    for (const every of [2, 7, 50]) {
      const chosen = Array.from({ length: 20_000 }, (_, request) => isSampled(request, every));
      for (const period of [1, 2, 3, 5, 7]) {
        for (let phase = 0; phase < period; phase++) {
          const share = chosen.filter((sampled, request) => sampled && request % period === phase).length;
          expect(Math.abs((share * period * every) / 20_000 - 1)).toBeLessThan(0.5);
        }
      }
    }
  });
});

describe('the counter of an isolate', () => {
  const random = new Random(5);
  const baseline = baselineOf(tableSignature, drawTable(random, 500), 500);
  const manifest = manifestWith(tableSignature, baseline);
  const row = drawTable(random, 1);
  const inputs = [
    tensorOf('features', 'FP64', [1, 5], row.features.elements),
    tensorOf('type', 'BYTES', [1, 1], row.type.elements),
  ];

  it('gives out what was counted of each version once, whichever copy of its manifest a request came by', () => {
    const counter = new DriftCounter('EU', () => {});
    counter.count(manifest, somebody, inputs, []);
    counter.count(structuredClone(manifest), somebody, inputs, []);
    counter.count({ ...manifest, version: '2' }, somebody, inputs, []);
    counter.count(
      { ...manifest, baseline: undefined, version: '3' } as unknown as typeof manifest,
      somebody,
      inputs,
      [],
    );
    expect(counter.take('m')).toMatchObject({
      region: 'EU',
      versions: [
        { version: '1', requests: 2, rows: 2 },
        { version: '2', requests: 1, rows: 1 },
      ],
    });
    expect(counter.take('m')).toBeUndefined();
    expect(counter.take('other')).toBeUndefined();
  });

  it('keeps room for a few versions only, and counts one that comes back', () => {
    const counter = new DriftCounter('EU', () => {});
    const versions = Array.from({ length: 20 }, (_, index) => ({ ...manifest, version: String(index) }));
    for (const version of versions) counter.count(version, somebody, inputs, []);
    expect(counter.take('m')?.versions).toHaveLength(16);
    for (const version of versions.slice(0, 2)) counter.count(version, somebody, inputs, []);
    expect(counter.take('m')?.versions.map(({ version }) => version)).toEqual(['0', '1']);
  });

  it('never throws: what cannot be counted is logged once', () => {
    const logged: string[] = [];
    const counter = new DriftCounter(null, (event) => logged.push(event));
    const broken = [{ ...inputs[1], name: 'type', data: [null] }] as unknown as typeof inputs;
    counter.count(manifest, somebody, broken, []);
    counter.count(manifest, somebody, broken, []);
    counter.count({ ...manifest, baseline: { inputs: null } } as unknown as typeof manifest, somebody, inputs, []);
    expect(logged).toEqual(['drift-not-counted']);
  });
});

/** Written apart from both sides: the first edge above the value, by search from the top. */
function countByHand(bins: Parameters<typeof manualBin>[0], values: readonly (number | string)[]) {
  const size = bins.kind === 'numeric' ? bins.edges.length + 1 : bins.categories.length + 1;
  const counts = { bins: new Array<number>(size).fill(0), missing: 0, outside: 0 };
  for (const value of values) {
    if (value === '' || Number.isNaN(value)) {
      counts.missing++;
      continue;
    }
    const { bin, outside } = manualBin(bins, value);
    counts.bins[bin] = (counts.bins[bin] ?? 0) + 1;
    if (outside) counts.outside++;
  }
  return counts;
}

function manualBin(
  bins:
    | { kind: 'numeric'; edges: number[]; range: [number, number] | null }
    | { kind: 'categorical'; categories: string[] },
  value: number | string,
): { bin: number; outside: boolean } {
  if (bins.kind === 'categorical') {
    const at = bins.categories.indexOf(String(value));
    return { bin: at === -1 ? bins.categories.length : at, outside: at === -1 };
  }
  const number = Number(value);
  const below = bins.edges.findLastIndex((edge) => edge <= number);
  const [low, high] = bins.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return { bin: below + 1, outside: number < low || number > high };
}

describe('a tensor without a row for each record', () => {
  const signature: Signature = {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }],
    outputs: [
      { name: 'mean', datatype: 'FP32', shape: [2] },
      { name: 'found', datatype: 'FP32', shape: [-1, 2] },
    ],
    batch: { size: -1, inputs: ['x'], outputs: [] },
  };
  const tensors = {
    x: { shape: [2], elements: Float32Array.of(1, 2) },
    mean: { shape: [2], elements: Float32Array.of(5, 7) },
    found: { shape: [3, 2], elements: Float32Array.of(1, 1, 1, 1, 1, 1) },
  };

  it('is one row, in the baseline and in counting, also where it has as many elements as there are records', () => {
    const views = Object.entries(tensors).map(([name, tensor]) => [name, inRows({ name, ...tensor }, signature)]);
    const baseline = baselineOf(signature, Object.fromEntries(views), 2);
    expect(baseline.outputs.map(({ name }) => name)).toEqual([
      ...['mean[0]', 'mean[1]', 'found.mean', 'found.contrast', 'found.energy'],
    ]);
    expect(baseline.outputs.map(({ counts }) => counts.bins.reduce((sum, count) => sum + count))).toEqual([
      1, 1, 1, 1, 1,
    ]);
    const plan = new CountingPlan(manifestWith(signature, baseline), baseline);
    const { x, mean, found } = tensors;
    plan.count(
      somebody,
      [tensorOf('x', 'FP32', x.shape, x.elements)],
      [tensorOf('mean', 'FP32', mean.shape, mean.elements), tensorOf('found', 'FP32', found.shape, found.elements)],
    );
    expect(plan.take()).toMatchObject([{ requests: 1, rows: 2, counts: flatten(baseline) }]);
  });
});
