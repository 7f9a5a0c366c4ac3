// How far figures can be trusted: intervals, requirements that are held against them, and what readers of a report are told.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../scripts/random.ts';
import { intervalsOf } from '../../../scripts/validation/intervals.ts';
import { classFigures, weightedCounts } from '../../../scripts/validation/metrics/classification.ts';
import { averagePrecision, orderOf, rank, rocAuc, weightedAreas } from '../../../scripts/validation/metrics/ranking.ts';
import { regressionFigures } from '../../../scripts/validation/metrics/regression.ts';
import { bootstrap, drawRows } from '../../../scripts/validation/metrics/resample.ts';
import { wilson } from '../../../scripts/validation/metrics/wilson.ts';
import { parseRequirement, unsure } from '../../../scripts/validation/requirement.ts';
import { figuresOf } from '../../../scripts/validation/score.ts';
import type { Classification, Regression } from '../../../scripts/validation/task.ts';
import { claimWarnings, duplicateWarnings, predictionWarnings } from '../../../scripts/validation/warnings.ts';

function classified(truth: number[], predicted: number[], scores: number[][] | null = null): Classification {
  const classes = ['a', 'b', 'c'].slice(0, scores?.[0]?.length ?? 2);
  const task = classes.length === 2 ? 'binary' : 'multiclass';
  const positive = task === 'binary' ? 1 : null;
  return { task, outputs: { label: 'l' }, classes, order: 'graph', positive, truth, predicted, scores, unscored: null };
}

function regressed(truth: number[], predicted: number[]): Regression {
  return { task: 'regression', outputs: { value: 'y' }, truth, predicted };
}

describe("Wilson's interval", () => {
  it.each([
    // The shares p of which part / whole is 1.959964 standard deviations, sqrt(p (1 - p) / whole), away.
    [93, 100, 0.862505, 0.965681],
    [7, 7, 0.64567, 1],
    [0, 20, 0, 0.161125],
    [1, 2, 0.094531, 0.905469],
  ])('of %d of %d is from %d to %d', (part, whole, low, high) => {
    const [below, above] = wilson(part, whole) ?? [];
    expect(below).toBeCloseTo(low, 6);
    expect(above).toBeCloseTo(high, 6);
  });

  it('is nothing of nothing', () => {
    expect(wilson(0, 0)).toBeNull();
  });
});

describe('a bootstrap', () => {
  it('is the same at every try, and draws as many rows as there are', () => {
    expect(drawRows(50, 1)).toEqual(drawRows(50, 1));
    for (const draw of drawRows(50, 1)) expect(draw.reduce((sum, count) => sum + count, 0)).toBe(50);
    expect([drawRows(10, 1).length, drawRows(200_000, 1).length, drawRows(200_000, 9).length]).toEqual([1000, 100, 40]);
  });

  it('is as wide as theory has it', () => {
    const random = new Random(3);
    const truth = Array.from({ length: 400 }, () => random.normal(0, 1));
    const predicted = truth.map((value) => value + random.normal(0, 1));
    const { figures } = figuresOf(regressed(truth, predicted));
    const [low = 0, high = 0] = intervalsOf(regressed(truth, predicted), figures).mae ?? [];
    // The mean of |N(0, 1)| over n rows deviates by sqrt((1 - 2 / pi) / n).
    expect(high - low).toBeCloseTo(2 * 1.96 * Math.sqrt((1 - 2 / Math.PI) / 400), 2);
  });

  it('takes quantiles of many figures, the spread of few, and nothing of figures that are alike or mostly missing', () => {
    const steps = (count: number) => Array.from({ length: count }, (_, index) => index / (count - 1));
    expect(bootstrap(0.5, steps(201))).toEqual([expect.closeTo(0.025, 12), expect.closeTo(0.975, 12)]);
    const [low = 0, high = 0] = bootstrap(0.5, steps(41)) ?? [];
    expect([low, high]).toEqual([expect.closeTo(0.5 - 1.96 * 0.29948, 4), expect.closeTo(0.5 + 1.96 * 0.29948, 4)]);
    expect(bootstrap(1, new Array(201).fill(1))).toBeNull();
    expect(bootstrap(0.5, [...steps(90), ...new Array(100).fill(null)])).toBeNull();
    expect(bootstrap(0.5, [...steps(100), ...new Array(100).fill(null)])).not.toBeNull();
  });

  it('counts rows as often as they were drawn', () => {
    const row = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean(), fc.integer({ min: 0, max: 3 }));
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (rows) => {
        const repeated = rows.flatMap((each) => Array.from({ length: each[2] }, () => each));
        const order = orderOf(
          rows.map(([score]) => score),
          rows.map(([, isPositive]) => isPositive),
        );
        const areas = weightedAreas(
          order,
          rows.map(([, , weight]) => weight),
        );
        const ranked = rank(
          repeated.map(([score]) => score),
          repeated.map(([, isPositive]) => isPositive),
        );
        const near = (value: number | null) => (value === null ? null : expect.closeTo(value, 10));
        expect(areas).toEqual({ roc: near(rocAuc(ranked)), precision: near(averagePrecision(ranked)) });
        const numbers = (values: readonly boolean[]) => Int32Array.from(values, Number);
        const counts = weightedCounts(
          numbers(rows.map(([, isPositive]) => isPositive)),
          numbers(rows.map(([score]) => score > 2)),
          2,
          rows.map(([, , weight]) => weight),
        );
        const one = weightedCounts(
          numbers(repeated.map(([, isPositive]) => isPositive)),
          numbers(repeated.map(([score]) => score > 2)),
          2,
          new Array(repeated.length).fill(1),
        );
        expect(classFigures(counts)).toEqual(classFigures(one));
      }),
    );
  });
});

describe('the intervals of a test', () => {
  it('are there for each figure, those of shares by rows', () => {
    const truth = Array.from({ length: 100 }, (_, row) => row % 2);
    const predicted = truth.map((truly, row) => (row < 10 ? 1 - truly : truly));
    const scores = predicted.map((taken, row) => (taken === 1 ? [0.2, 0.8] : [0.6 + row / 1000, 0.4 - row / 1000]));
    const predictions = classified(truth, predicted, scores);
    const { figures } = figuresOf(predictions);
    const intervals = intervalsOf(predictions, figures);
    expect(Object.keys(intervals).sort()).toEqual(Object.keys(figures).sort());
    expect(intervals.accuracy).toEqual(wilson(90, 100)?.map((end) => Number(end.toPrecision(6))));
    expect(intervals.recall).toEqual(wilson(45, 50)?.map((end) => Number(end.toPrecision(6))));
    for (const [name, [low, high]] of Object.entries(intervals)) expect(high - low, name).toBeGreaterThan(0.01);
    const eager = classified(
      truth,
      truth.map((truly, row) => (row < 20 ? 1 : truly)),
    );
    expect(intervalsOf(eager, figuresOf(eager).figures).precision).toEqual(
      wilson(50, 60)?.map((end) => Number(end.toPrecision(6))),
    );
  });

  it('of a regression are those of the rows as often as they were drawn', () => {
    const random = new Random(9);
    // In the order in which resamples draw them.
    const truth = Array.from({ length: 30 }, () => random.normal(100, 2)).sort((one, other) => one - other);
    const predicted = truth.map((value) => value + random.normal(0, 1));
    const { figures } = figuresOf(regressed(truth, predicted));
    const drawn = drawRows(30, 1).map((draw) => {
      const rows = [...draw].flatMap((count, row) => new Array<number>(count).fill(row));
      return regressionFigures(
        rows.map((row) => truth[row] ?? 0),
        rows.map((row) => predicted[row] ?? 0),
      );
    });
    const intervals = intervalsOf(regressed(truth, predicted), figures);
    for (const name of ['mae', 'rmse', 'r2'] as const) {
      const [low = 0, high = 0] =
        bootstrap(
          figures[name] ?? 0,
          drawn.map((each) => each[name]),
        ) ?? [];
      expect(intervals[name], name).toEqual([expect.closeTo(low, 5), expect.closeTo(high, 5)]);
    }
    const constant = new Array<number>(9).fill(0.1);
    const same = regressed(
      constant,
      constant.map((value, row) => value + row),
    );
    expect(Object.keys(intervalsOf(same, figuresOf(same).figures))).toEqual(['mae', 'rmse']);
  });

  it('do not depend on the order of the rows', () => {
    const random = new Random(4);
    const rows = Array.from({ length: 40 }, (_, row) => {
      const score = random.uniform();
      return {
        truth: row % 3 === 0 ? 1 : 0,
        predicted: score > 0.6 ? 1 : 0,
        scores: [1 - score, score],
        value: row * 1.5,
      };
    });
    const of = (order: typeof rows) => {
      const classes = classified(
        order.map(({ truth }) => truth),
        order.map(({ predicted }) => predicted),
        order.map(({ scores }) => scores),
      );
      const values = regressed(
        order.map(({ value }) => value),
        order.map(({ value, scores }) => value + (scores[1] ?? 0)),
      );
      return [classes, values].map((predictions) => intervalsOf(predictions, figuresOf(predictions).figures));
    };
    expect(of(rows.toReversed())).toEqual(of(rows));
    expect(of(rows.toSorted((one, other) => one.predicted - other.predicted))).toEqual(of(rows));
  });

  it('hold the figure itself, to whichever side the resamples lean', () => {
    const errors = regressed([0, 0, 0, 0], [1, 2, 3, 4]);
    expect(intervalsOf(errors, { mae: 0.5 }).mae?.[0]).toBe(0.5);
    expect(intervalsOf(errors, { mae: 7 }).mae?.[1]).toBe(7);
  });

  it('are those of a share where every row is right, of areas of the rarest class', () => {
    const truth = [0, 0, 0, 0, 0, 1, 1];
    const scores = truth.map((truly) => (truly === 1 ? [0.1, 0.9] : [0.9, 0.1]));
    const predictions = classified(truth, truth, scores);
    const intervals = intervalsOf(predictions, figuresOf(predictions).figures);
    expect(intervals).toMatchObject({ f1: [0.64567, 1], roc_auc: [0.34238, 1], average_precision: [0.34238, 1] });
    expect(intervals).not.toHaveProperty('log_loss');
    expect(intervalsOf(regressed([1, 2], [2, 3]), { mae: 1, rmse: 1 })).toEqual({});
  });
});

describe('a requirement', () => {
  const metrics = { accuracy: 0.93, log_loss: 0.2, mae: 1 };
  const intervals = { accuracy: [0.86, 0.97], log_loss: [0.15, 0.27] } as const;
  const asked = (text: string) =>
    unsure([parseRequirement(text)], metrics, { ...intervals, accuracy: [0.86, 0.97], log_loss: [0.15, 0.27] });

  it('that is strict is held against the worse end of the interval', () => {
    expect(asked('accuracy>=0.86')).toEqual([]);
    expect(asked('accuracy>0.86')).toHaveLength(1);
    expect(asked('accuracy>=0.9')).toEqual([
      'accuracy is 0.93, its 95 % interval is from 0.86 to 0.97, required >=0.9 of all of it (--strict)',
    ]);
    expect(asked('log_loss<=0.27')).toEqual([]);
    expect(asked('log_loss<0.25')).toEqual([expect.stringContaining('from 0.15 to 0.27')]);
    expect(asked('mae<=2')).toEqual([expect.stringContaining('the rows tell no interval of it')]);
    // A requirement that the figure itself misses is told by the figure.
    expect(asked('accuracy>=0.95')).toEqual([]);
    expect(asked('r2>=0.5')).toEqual([]);
  });

  it('that is met by too few rows is told', () => {
    expect(
      claimWarnings(
        [parseRequirement('accuracy>=0.9'), parseRequirement('accuracy>=0.8')],
        metrics,
        { accuracy: [0.86, 0.97] },
        14,
      ),
    ).toEqual([
      '14 rows are too few for accuracy>=0.9: accuracy is 0.93, its 95 % interval is from 0.86 to 0.97; --strict refuses that',
    ]);
  });
});

describe('a reader is told', () => {
  it('that one class is all there is, or which classes are missing', () => {
    expect(predictionWarnings(classified([1, 1], [1, 1]))).toEqual([
      "only one class occurs in the truth: 'b' in all 2 rows",
      "1 of 2 classes are never predicted: 'a'",
    ]);
    const three = classified(
      [0, 1],
      [2, 2],
      [
        [0, 0, 1],
        [0, 0, 1],
      ],
    );
    expect(predictionWarnings(three)).toEqual([
      "1 of 3 classes are never in the truth: 'c'",
      "2 of 3 classes are never predicted: 'a', 'b'",
    ]);
    expect(predictionWarnings(classified([0, 1], [0, 1]))).toEqual([]);
    const many = { ...classified([0, 1], [0, 1]), classes: Array.from({ length: 9 }, (_, index) => `k${index}`) };
    expect(predictionWarnings(many)[0]).toBe("7 of 9 classes are never in the truth: 'k2', 'k3', 'k4', 'k5', 'k6', …");
  });

  it('that the truth of a regression is one value', () => {
    expect(predictionWarnings(regressed([3, 3, 3], [1, 2, 3]))).toEqual(['the truth is 3 in all 3 rows']);
    expect(predictionWarnings(regressed([3, 4], [1, 2]))).toEqual([]);
    expect(predictionWarnings(regressed([3], [1]))).toEqual([]);
  });

  it('that label and largest score differ, not that they are tied', () => {
    const scores = [
      [0.9, 0.1],
      [0.5, 0.5],
      [0.4, 0.6],
    ];
    expect(predictionWarnings(classified([0, 1, 1], [1, 1, 1], scores))[1]).toContain(
      "in 1 of 3 rows output 'l' is not the class",
    );
    expect(predictionWarnings(classified([0, 1, 1], [0, 1, 1], scores))).toEqual([]);
    const alone = { ...classified([0, 1, 1], [1, 0, 1], scores), outputs: { scores: 's' } };
    expect(predictionWarnings(alone)).toEqual([]);
  });

  it('that rows were seen before', () => {
    expect(duplicateWarnings(0, 10, 'train.csv')).toEqual([]);
    expect(duplicateWarnings(3, 10, 'train.csv')[0]).toMatch(/^3 of 10 rows of the test data .*\(train\.csv\)/);
  });
});
