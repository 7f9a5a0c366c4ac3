import { describe, expect, it } from 'vitest';
import type { Original } from '../../../scripts/publish/original.ts';
import type { Source } from '../../../scripts/publish/source.ts';
import { goldenCases, goldenRows } from '../../../scripts/validation/golden-cases.ts';
import type { Predictions } from '../../../scripts/validation/task.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';

function classified(truth: readonly number[], predicted: readonly number[], classes = 3): Predictions {
  const names = Array.from({ length: classes }, (_, index) => String(index));
  return {
    task: 'multiclass',
    outputs: {},
    classes: names,
    positive: null,
    truth,
    predicted,
    order: null,
    scores: null,
    unscored: null,
  };
}

describe('the answers of golden vectors', () => {
  const fp32 = (name: string, value: number): Tensor[] => [
    { name, datatype: 'FP32', shape: [1], data: new Uint8Array(Float32Array.of(value).buffer) },
  ];

  it('are those of native onnxruntime, or of the served runtime where the two differ beyond the tolerance', async () => {
    const signature = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1] }], outputs: [] };
    const samples = [
      { inputs: fp32('x', 1), outputs: fp32('y', 0.50001) },
      { inputs: fp32('x', 2), outputs: fp32('y', 0.7) },
    ];
    const original = { samples, signature, areGiven: false } as unknown as Original;
    const settings = { timeoutMs: 1000, memoryLimitMib: 100, tolerance: { absolute: 1e-3, relative: 1e-3 } };
    // Native onnxruntime rounds 4-bit weights otherwise at the second sample.
    const references = [fp32('y', 0.5), fp32('y', 0.6)];
    const golden = await goldenCases({} as Source, original, references, null, settings, async () => []);
    expect(golden.served).toBe(1);
    expect(golden.cases.map(({ outputs }) => outputs)).toEqual([fp32('y', 0.5), fp32('y', 0.7)]);
  });
});

describe('rows for golden vectors', () => {
  it('are the first of each class that is told right', () => {
    expect(goldenRows(classified([0, 0, 0, 2, 2, 1, 1], [1, 0, 0, 2, 2, 0, 0]))).toEqual([1, 3]);
  });

  it('are spread over the classes where there are more than fit', () => {
    const truth = Array.from({ length: 100 }, (_, row) => row);
    expect(goldenRows(classified(truth, truth, 100), 4)).toEqual([0, 25, 50, 75]);
    expect(goldenRows(classified(truth, truth, 100))).toHaveLength(32);
    expect(goldenRows(classified(truth, truth, 100), 0)).toEqual([]);
  });

  it('of a regression are spread over the range of the target, not over the rows', () => {
    const truth = [...new Array<number>(90).fill(1), 50, 70, 36, 22, 43, 15, 8.1, 29, 57, 64, Number.NaN];
    const regression: Predictions = { task: 'regression', outputs: { value: 'y' }, truth, predicted: truth };
    expect(goldenRows(regression).map((row) => truth[row])).toEqual([1, 8.1, 22, 29, 43, 50, 57, 70]);
    expect(goldenRows({ ...regression, truth: [3, 3] })).toEqual([0]);
  });
});
