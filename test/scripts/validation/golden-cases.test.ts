import { describe, expect, it } from 'vitest';
import { goldenRows } from '../../../scripts/validation/golden-cases.ts';
import type { Predictions } from '../../../scripts/validation/task.ts';

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
