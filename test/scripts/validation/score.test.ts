// Figures that are defined, and why others are not.
import { describe, expect, it } from 'vitest';
import { figuresOf, score } from '../../../scripts/validation/score.ts';
import type { Classification, Regression } from '../../../scripts/validation/task.ts';

function classified(truth: number[], scores: number[][] | null, more: Partial<Classification> = {}): Classification {
  const classes = ['a', 'b', 'c', 'd', 'e', 'f'].slice(0, scores?.[0]?.length ?? 2);
  const isBinary = classes.length === 2;
  return {
    ...{
      task: isBinary ? 'binary' : 'multiclass',
      outputs: {},
      classes,
      order: 'graph',
      positive: isBinary ? 1 : null,
    },
    ...{ truth, predicted: truth, scores, unscored: null },
    ...more,
  };
}

function regressed(truth: number[], predicted: number[]): Regression {
  return { task: 'regression', outputs: { value: 'y' }, truth, predicted };
}

describe('figures of scores', () => {
  it('scale shares that add up to nearly 1, and are none of others', () => {
    const loss = (scores: number[][]) => figuresOf(classified([0], scores)).figures.log_loss;
    expect(loss([[0.4, 0.5995]])).toBeCloseTo(-Math.log(0.4 / 0.9995), 12);
    expect(loss([[0.4, 0.598]])).toBeUndefined();
    expect(loss([[1.5, -0.5]])).toBeUndefined();
    const absent = figuresOf(
      classified(
        [0, 1],
        [
          [0.5, 0.5],
          [3, -1],
        ],
      ),
    ).absent;
    expect(absent).toEqual({
      log_loss: 'the scores are no probabilities: those of row 2 add up to 2, or one is negative',
    });
  });

  it('say which class is missing, or alone', () => {
    const three = [
      [0.2, 0.3, 0.5],
      [0.2, 0.3, 0.5],
    ];
    expect(figuresOf(classified([0, 2], three)).absent).toEqual({ roc_auc: "class 'b' does not occur in the truth" });
    expect(figuresOf(classified([0, 0], three)).absent).toEqual({ roc_auc: "only class 'a' occurs in the truth" });
    expect(figuresOf(classified([2, 2], three)).absent).toEqual({ roc_auc: "class 'a' does not occur in the truth" });
    const two = [
      [0.2, 0.8],
      [0.2, 0.8],
    ];
    expect(figuresOf(classified([1, 1], two)).absent).toEqual({ roc_auc: "only class 'b' occurs in the truth" });
    expect(figuresOf(classified([0, 0], two)).absent).toEqual({
      roc_auc: "only class 'a' occurs in the truth",
      average_precision: "only class 'a' occurs in the truth",
    });
  });

  it('are not there without scores, for the reason that is known', () => {
    const reason = 'no output holds scores of the classes';
    expect(figuresOf(classified([0, 1], null)).absent).toEqual({
      roc_auc: reason,
      average_precision: reason,
      log_loss: reason,
    });
    const unscored = 'nobody knows';
    const several = classified([0, 1], null, {
      task: 'multiclass',
      positive: null,
      classes: ['a', 'b', 'c'],
      unscored,
    });
    expect(figuresOf(several).absent).toEqual({ roc_auc: unscored, log_loss: unscored });
  });

  it('are of as many best scores as leave a class out', () => {
    const row = (count: number) => Array.from({ length: count }, () => 1 / count);
    const tops = (count: number) =>
      Object.keys(score(classified([0], [row(count)]))).filter((name) => name.startsWith('top_'));
    expect([tops(3), tops(4), tops(5), tops(6)]).toEqual([[], ['top_3'], ['top_3'], ['top_3', 'top_5']]);
  });

  it('are of the positive class', () => {
    const scores = [
      [0.9, 0.1],
      [0.6, 0.4],
      [0.3, 0.7],
    ];
    const figures = (positive: number) => score(classified([0, 0, 1], scores, { predicted: [0, 1, 1], positive }));
    expect(figures(1)).toMatchObject({ precision: 0.5, recall: 1, f1: 0.666667 });
    expect(figures(0)).toMatchObject({ precision: 1, recall: 0.5, f1: 0.666667 });
  });

  it('leave a class that only the label says to the figures of labels', () => {
    const scores = [
      [0.9, 0.1],
      [0.2, 0.8],
    ];
    const rejected = classified([0, 1], scores, { classes: ['a', 'b', '?'], predicted: [0, 2] });
    expect(score(rejected)).toMatchObject({ accuracy: 0.5, recall: 0, roc_auc: 1 });
    const three = [
      [0.8, 0.1, 0.1],
      [0.1, 0.8, 0.1],
      [0.1, 0.1, 0.8],
    ];
    const several = classified([0, 1, 2], three, { classes: ['a', 'b', 'c', '?'], predicted: [0, 1, 3] });
    expect(score(several)).toMatchObject({ accuracy: 0.666667, roc_auc: 1 });
  });
});

describe('figures of a regression', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])('are not there where a value is %d', (odd) => {
    const { figures, absent } = figuresOf(regressed([1, 2], [1, odd]));
    expect(figures).toEqual({});
    expect(absent).toEqual(
      Object.fromEntries(['mae', 'rmse', 'r2'].map((name) => [name, `output 'y' is ${odd} in row 2`])),
    );
  });

  it('know no variance of one row', () => {
    expect(figuresOf(regressed([1], [2]))).toEqual({
      figures: { mae: 1, rmse: 1 },
      absent: { r2: 'one row has no variance' },
    });
  });

  it('have six digits', () => {
    expect(score(regressed([0, 1], [1 / 3, 1]))).toMatchObject({ mae: 0.166667 });
  });
});
