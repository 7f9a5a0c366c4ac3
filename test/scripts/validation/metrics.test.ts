// Expected values are those of the examples in scikit-learn's documentation (1.7), each named by its function.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accuracy,
  averaged,
  classCounts,
  classFigures,
  confusionMatrix,
} from '../../../scripts/validation/metrics/classification.ts';
import {
  averagePrecision,
  logLoss,
  precisionRecallCurve,
  rank,
  rocAuc,
  rocCurve,
  topK,
} from '../../../scripts/validation/metrics/ranking.ts';
import { regressionFigures } from '../../../scripts/validation/metrics/regression.ts';

const twoByTwo = rank([0.1, 0.4, 0.35, 0.8], [false, false, true, true]);

describe('classification', () => {
  it('counts as confusion_matrix does', () => {
    expect(confusionMatrix([2, 0, 2, 2, 0, 1], [0, 0, 2, 2, 0, 2], 3)).toEqual([
      [2, 0, 0],
      [0, 0, 1],
      [1, 0, 2],
    ]);
  });

  it('has the accuracy of accuracy_score', () => {
    expect(accuracy(classCounts(confusionMatrix([0, 1, 2, 3], [0, 2, 1, 3], 4)))).toBe(0.5);
  });

  it('has the figures of precision_recall_fscore_support', () => {
    // cat, dog, pig
    const counts = classCounts(confusionMatrix([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1], 3));
    const figures = classFigures(counts);
    expect(figures.map(({ precision }) => precision)).toEqual([2 / 3, 0, 0]);
    expect(figures.map(({ recall }) => recall)).toEqual([1, 0, 0]);
    expect(figures.map(({ f1 }) => f1)).toEqual([0.8, 0, 0]);
    expect(figures.map(({ support }) => support)).toEqual([2, 2, 2]);
    expect(averaged(counts)).toMatchObject({
      precision_macro: expect.closeTo(0.2222, 4),
      recall_macro: expect.closeTo(0.3333, 4),
      f1_macro: expect.closeTo(0.2667, 4),
      f1_weighted: expect.closeTo(0.2667, 4),
    });
  });

  it('averages as classification_report does, over the classes that occur', () => {
    const counts = classCounts(confusionMatrix([0, 1, 2, 2, 2], [0, 0, 2, 2, 1], 4));
    expect(averaged(counts)).toEqual({
      precision_macro: expect.closeTo(0.5, 6),
      precision_weighted: expect.closeTo(0.7, 6),
      recall_macro: expect.closeTo(0.5556, 4),
      recall_weighted: expect.closeTo(0.6, 6),
      f1_macro: expect.closeTo(0.4889, 4),
      f1_weighted: expect.closeTo(0.6133, 4),
    });
  });
});

describe('scores', () => {
  it('have the area of roc_auc_score and the curve of roc_curve', () => {
    expect(rocAuc(twoByTwo)).toBe(0.75);
    expect(rocCurve(twoByTwo)).toEqual([
      { x: 0, y: 0 },
      { x: 0, y: 0.5 },
      { x: 0.5, y: 0.5 },
      { x: 0.5, y: 1 },
      { x: 1, y: 1 },
    ]);
  });

  it('have the precision of average_precision_score and the curve of precision_recall_curve', () => {
    expect(averagePrecision(twoByTwo)).toBeCloseTo(0.8333, 4);
    expect(precisionRecallCurve(twoByTwo)).toEqual([
      { x: 0.5, y: 1 },
      { x: 0.5, y: 0.5 },
      { x: 1, y: 2 / 3 },
      { x: 1, y: 0.5 },
    ]);
  });

  it('have no area where a class is missing', () => {
    expect(rocAuc(rank([0.1, 0.2], [true, true]))).toBeNull();
    expect(averagePrecision(rank([0.1], [false]))).toBeNull();
  });

  it('have the loss of log_loss', () => {
    // ham, spam
    const shares = [
      [0.1, 0.9],
      [0.9, 0.1],
      [0.8, 0.2],
      [0.35, 0.65],
    ];
    expect(logLoss(shares, [1, 0, 0, 1])).toBeCloseTo(0.21616, 5);
    expect(logLoss([[1, 0]], [1])).toBeCloseTo(36.0437, 4);
  });

  it('have the share of top_k_accuracy_score', () => {
    const scores = [
      [0.5, 0.2, 0.2],
      [0.3, 0.4, 0.2],
      [0.2, 0.4, 0.3],
      [0.7, 0.2, 0.1],
    ];
    expect(topK(scores, [0, 1, 2, 2], 2)).toBe(0.75);
  });

  it('rank as the definition says: a positive above a negative, ties half', () => {
    const row = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), (rows) => {
        const positives = rows.filter(([, isPositive]) => isPositive);
        const negatives = rows.filter(([, isPositive]) => !isPositive);
        const pairs = positives.flatMap(([a]) => negatives.map(([b]) => (a > b ? 1 : a === b ? 0.5 : 0) as number));
        const area = rocAuc(
          rank(
            rows.map(([score]) => score),
            rows.map(([, isPositive]) => isPositive),
          ),
        );
        if (pairs.length === 0) expect(area).toBeNull();
        else expect(area).toBeCloseTo(pairs.reduce((sum, pair) => sum + pair, 0) / pairs.length, 10);
      }),
    );
  });
});

describe('regression', () => {
  it('has the figures of mean_absolute_error, root_mean_squared_error and r2_score', () => {
    const { mae, rmse, r2 } = regressionFigures([3, -0.5, 2, 7], [2.5, 0, 2, 8]);
    expect(mae).toBe(0.5);
    expect(rmse).toBeCloseTo(0.612, 3);
    expect(r2).toBeCloseTo(0.9486, 4);
  });

  it.each([
    [[1, 2, 3], [1, 2, 3], 1],
    [[1, 2, 3], [2, 2, 2], 0],
    [[1, 2, 3], [3, 2, 1], -3],
    [[2, 2], [2, 2], 1],
    [[2, 2], [2, 3], 0],
    // The mean of these is not 0.1.
    [[0.1, 0.1, 0.1], [0.2, 0.1, 0.1], 0],
  ])('explains of %j by %j the share %d', (truth, predicted, r2) => {
    expect(regressionFigures(truth, predicted).r2).toBe(r2);
  });
});
