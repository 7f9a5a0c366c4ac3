import { describe, expect, it } from 'vitest';
import { type Baseline, baselineSchema, takeBaseline } from '../../registry/baseline.ts';
import { type FeatureTensor, featureValues, type ReferenceRows, sumUp, takesOf } from '../../registry/feature.ts';
import type { Signature, TensorSpec } from '../../registry/signature.ts';

const reference = { file: 'test.csv', digest: `sha256:${'0'.repeat(64)}`, rows: 100 };

function spec(datatype: TensorSpec['datatype'], shape: number[], name = 'x'): TensorSpec {
  return { name, datatype, shape };
}

/** The baseline of one input or output over these runs. */
function baselineOf(
  tensor: TensorSpec,
  runs: ReferenceRows[],
  options: { output?: boolean; scores?: boolean; names?: string[] } = {},
): Baseline {
  const signature: Signature = options.output ? { inputs: [], outputs: [tensor] } : { inputs: [tensor], outputs: [] };
  const baseline = takeBaseline(
    signature,
    {
      tensors: new Map([[tensor.name, runs]]),
      ...(options.names ? { names: new Map([[tensor.name, options.names]]) } : {}),
      ...(options.scores ? { scores: new Set([tensor.name]) } : {}),
    },
    reference,
  );
  expect(baselineSchema.parse(JSON.parse(JSON.stringify(baseline)))).toEqual(baseline);
  return baseline;
}

/** `rows` rows of `size` numbers. */
function batch(rows: number, size: number, value: (row: number, at: number) => number): FeatureTensor {
  const elements = Array.from({ length: rows * size }, (_, index) => value(Math.floor(index / size), index % size));
  return { shape: [rows, size], elements: Float32Array.from(elements) };
}

describe('the features of a tensor', () => {
  it.each([
    ['each element of a small row', spec('FP32', [-1, 3]), false, [0, 1, 2]],
    ['the one element of a row without further axes', spec('FP64', [-1]), false, [0]],
    ['the one value of a scalar', spec('INT64', []), false, [0]],
    ['mean, contrast and energy of a picture', spec('FP32', [-1, 3, 224, 224]), false, ['mean', 'contrast', 'energy']],
    [
      'mean, contrast and energy of a sound of any length',
      spec('FP32', [-1, -1]),
      false,
      ['mean', 'contrast', 'energy'],
    ],
    ['nothing of a list of words of any length', spec('BYTES', [-1, -1]), false, []],
    ['the class and one score of two classes', spec('FP32', [-1, 2]), true, ['argmax', 1]],
    ['the class and each score of a few classes', spec('FP32', [-1, 3]), true, ['argmax', 0, 1, 2]],
    ['the class and the best score of many classes', spec('FP32', [-1, 1000]), true, ['argmax', 'max']],
  ])('are %s', (_, tensor, isScores, takes) => {
    expect(takesOf(tensor, isScores)).toEqual(takes);
  });

  it('are taken row by row', () => {
    const tensor = { shape: [2, 2, 2], elements: Float32Array.of(1, 2, 3, 4, -1, 1, -1, 1) };
    expect(featureValues(3, tensor)).toEqual([4, 1]);
    expect(featureValues('mean', tensor)).toEqual([2.5, 0]);
    expect(featureValues('contrast', tensor)).toEqual([Math.sqrt(1.25), 1]);
    expect(featureValues('energy', tensor)).toEqual([7.5, 1]);
    expect(featureValues('argmax', tensor)).toEqual([3, 1]);
    expect(featureValues('max', tensor)).toEqual([4, 1]);
  });

  it('are missing where what they are made of is', () => {
    const tensor = { shape: [1, 2], elements: Float32Array.of(1, Number.NaN) };
    for (const take of ['mean', 'contrast', 'energy', 'argmax', 'max', 1] as const)
      expect(featureValues(take, tensor)).toEqual([Number.NaN]);
    expect(featureValues('length', { shape: [2], elements: ['', 'a€😀'] })).toEqual(['', 3]);
    expect(featureValues(0, { shape: [0, 4], elements: new Float32Array() })).toEqual([]);
    expect(featureValues('mean', { shape: [1, 0], elements: new Float32Array() })).toEqual([Number.NaN]);
  });

  it('keep the contrast of an even picture that is bright', () => {
    const bright = Float64Array.from({ length: 1000 }, (_, index) => 1e8 + (index % 2));
    expect(featureValues('contrast', { shape: [1, 1000], elements: bright })).toEqual([0.5]);
  });

  it('read 64-bit integers and scalars', () => {
    expect(featureValues(0, { shape: [], elements: BigInt64Array.of(7n) })).toEqual([7]);
  });
});

describe('the baseline', () => {
  it('has one feature for each element of a vector, over all runs, under the names given', () => {
    const runs = [
      batch(60, 2, (row, at) => (at === 0 ? row : 1000)),
      batch(40, 2, (row, at) => (at === 0 ? row + 60 : 1000)),
    ];
    const { inputs } = baselineOf(spec('FP32', [-1, 2]), runs, { names: ['load', 'limit'] });
    expect(inputs).toEqual([
      {
        name: 'load',
        tensor: 'x',
        take: 0,
        bins: { kind: 'numeric', edges: [9.5, 19.5, 29.5, 39.5, 49.5, 59.5, 69.5, 79.5, 89.5], range: [0, 99] },
        counts: { bins: new Array(10).fill(10), missing: 0, outside: 0 },
      },
      {
        name: 'limit',
        tensor: 'x',
        take: 1,
        bins: { kind: 'numeric', edges: [], range: [1000, 1000] },
        counts: { bins: [100], missing: 0, outside: 0 },
      },
    ]);
    expect(baselineOf(spec('FP32', [-1, 2]), runs).inputs.map(({ name }) => name)).toEqual(['x[0]', 'x[1]']);
  });

  it('is the same of large rows that were summed up run by run', () => {
    const picture = spec('FP32', [-1, 8, 12]);
    const runs = [batch(20, 96, (row, at) => row * at), batch(13, 96, (row, at) => row - at)];
    const summed = runs.map((run) => sumUp(picture, run));
    expect(summed.every((rows) => !('elements' in rows))).toBe(true);
    expect(baselineOf(picture, summed)).toEqual(baselineOf(picture, runs));
    const small = batch(2, 3, (row) => row);
    expect(sumUp(spec('FP32', [-1, 3]), small)).toBe(small);
  });

  it('counts missing values', () => {
    const runs = [batch(10, 1, (row) => (row < 4 ? Number.NaN : row))];
    expect(baselineOf(spec('FP32', [-1, 1]), runs).inputs[0]).toMatchObject({ name: 'x', counts: { missing: 4 } });
  });

  it('has categories for texts that repeat, lengths for those that do not', () => {
    const types = Array.from({ length: 30 }, (_, row) => ['L', 'M', 'H'][row % 3] ?? '');
    const { inputs } = baselineOf(spec('BYTES', [-1, 1], 'type'), [{ shape: [30, 1], elements: types }]);
    expect(inputs[0]).toMatchObject({ name: 'type', take: 0, bins: { categories: ['H', 'L', 'M'] } });
    const messages = Array.from({ length: 30 }, (_, row) => `${'x'.repeat(row)}${row}`);
    const texts = baselineOf(spec('BYTES', [-1], 'text'), [{ shape: [30], elements: messages }]);
    expect(texts.inputs[0]).toMatchObject({ name: 'text.length', take: 'length', bins: { kind: 'numeric' } });
  });

  it('takes integers with few values for categories, others for numbers', () => {
    const integers = (modulus: number) => [
      { shape: [100], elements: BigInt64Array.from({ length: 100 }, (_, row) => BigInt(row % modulus)) },
    ];
    expect(baselineOf(spec('INT64', [-1]), integers(3)).inputs[0]?.bins).toMatchObject({ categories: ['0', '1', '2'] });
    expect(baselineOf(spec('INT64', [-1]), integers(90)).inputs[0]?.bins).toMatchObject({ kind: 'numeric' });
  });

  it('sees by their sum that outputs are probabilities, and is told of other scores', () => {
    const shares = [batch(50, 2, (row, at) => (at === 0 ? row / 50 : 1 - row / 50))];
    const scores = [batch(50, 2, (row, at) => row * at)];
    const takes = (baseline: Baseline) => baseline.outputs.map(({ take }) => take);
    expect(takes(baselineOf(spec('FP32', [-1, 2]), shares, { output: true }))).toEqual(['argmax', 1]);
    expect(takes(baselineOf(spec('FP32', [-1, 2]), scores, { output: true }))).toEqual([0, 1]);
    expect(takes(baselineOf(spec('FP32', [-1, 2]), scores, { output: true, scores: true }))).toEqual(['argmax', 1]);
    expect(baselineOf(spec('FP32', [-1, 2]), shares, { output: true }).outputs[0]).toMatchObject({
      name: 'x.argmax',
      bins: { categories: ['0', '1'] },
    });
  });

  it('takes a few hundred bytes a feature', () => {
    const values = batch(2000, 6, (row, at) => Math.sin(row * (at + 1)) * 1234.5678);
    expect(JSON.stringify(baselineOf(spec('FP32', [-1, 6]), [values])).length).toBeLessThan(6 * 300);
  });

  it('refuses counts that do not fit the bins', () => {
    const baseline = baselineOf(spec('FP32', [-1, 1]), [batch(10, 1, (row) => row)]);
    const [feature] = baseline.inputs;
    const wrong = { ...baseline, inputs: [{ ...feature, counts: { bins: [1], missing: 0, outside: 0 } }] };
    expect(baselineSchema.safeParse(wrong).error?.message).toContain('one count for each bin');
  });
});
