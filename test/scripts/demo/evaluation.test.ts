import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../scripts/demo/evaluation.ts';

describe('evaluating a classifier', () => {
  it('counts alarms from a probability of one half on', () => {
    const evaluation = evaluate([0.9, 0.5, 0.6, 0.4, 0.1], [true, true, false, true, false]);
    expect(evaluation.confusion).toEqual({ truePositives: 2, falsePositives: 1, falseNegatives: 1, trueNegatives: 1 });
    expect(evaluation).toMatchObject({
      rows: 5,
      failures: 3,
      accuracy: 0.6,
      precision: 0.6667,
      recall: 0.6667,
      f1: 0.6667,
    });
  });

  it('gives the area under the ROC curve as the share of pairs in order, ties half', () => {
    const rows = fc.array(fc.record({ p: fc.constantFrom(0, 0.2, 0.4, 0.7, 1), failed: fc.boolean() }), {
      minLength: 2,
    });
    fc.assert(
      fc.property(rows, (drawn) => {
        const failed = drawn.filter((row) => row.failed);
        const healthy = drawn.filter((row) => !row.failed);
        fc.pre(failed.length > 0 && healthy.length > 0);
        const inOrder = (a: number, b: number) => (a > b ? 1 : a === b ? 0.5 : 0);
        const pairs = failed.flatMap((a) => healthy.map((b) => inOrder(a.p, b.p)));
        const expected = pairs.reduce<number>((sum, pair) => sum + pair, 0) / pairs.length;
        const { rocAuc } = evaluate(
          drawn.map(({ p }) => p),
          drawn.map((row) => row.failed),
        );
        expect(rocAuc).toBeCloseTo(expected, 3);
      }),
    );
  });
});
