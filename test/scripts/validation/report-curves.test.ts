import { describe, expect, it } from 'vitest';
import { Random } from '../../../scripts/random.ts';
import { oneVsRest } from '../../../scripts/validation/one-vs-rest.ts';
import { curveCards } from '../../../scripts/validation/report-curves.ts';
import { score } from '../../../scripts/validation/score.ts';
import type { Classification } from '../../../scripts/validation/task.ts';

/** 300 rows in turns of each class, told apart as well as `gap` says. */
function classified(classes: readonly string[], gap: number, truths = classes.length): Classification {
  const random = new Random(5);
  const truth = Array.from({ length: 300 }, (_, row) => row % truths);
  const scores = truth.map((truly) => classes.map((_, index) => random.normal(index === truly ? gap : 0, 1)));
  const predicted = scores.map((row) => row.indexOf(Math.max(...row)));
  return {
    task: 'multiclass',
    outputs: {},
    classes,
    positive: null,
    truth,
    predicted,
    order: 'graph',
    scores,
    unscored: null,
  };
}

const area = (points: readonly { x: number; y: number }[]) =>
  points.slice(1).reduce((sum, { x, y }, at) => {
    const before = points[at] ?? { x: 0, y: 0 };
    return sum + ((x - before.x) * (y + before.y)) / 2;
  }, 0);

describe('curves of several classes', () => {
  it('are of each against the rest, and a mean under which the mean of the areas lies', () => {
    const predictions = classified(['a', 'b', 'c'], 1.2);
    const curves = oneVsRest(predictions, 10);
    expect(curves?.classes.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(curves?.macro.rocAuc).toBeCloseTo(score(predictions).roc_auc ?? 0, 5);
    expect(area(curves?.macro.roc ?? [])).toBeCloseTo(curves?.macro.rocAuc ?? 0, 2);
    expect(area(curves?.macro.recall ?? [])).toBeCloseTo(curves?.macro.averagePrecision ?? 0, 2);
    expect(curves?.macro.roc.at(-1)).toEqual({ x: 1, y: 1 });
  });

  it('leave out a class that does not occur', () => {
    const curves = oneVsRest(classified(['a', 'b', 'c'], 1, 2), 10);
    expect(curves).toMatchObject({ occurring: 2, classes: [{ name: 'a' }, { name: 'b' }] });
    expect(oneVsRest(classified(['a', 'b', 'c'], 1, 1), 10)).toBeNull();
  });

  it('are drawn and named in the legend with their areas, beside the mean of the version that is served', () => {
    const classes = ['red <1>', 'green', 'blue'];
    const [roc = '', recall = ''] = curveCards(classified(classes, 2), classified(classes, 0.5), 'v2', 'v1');
    for (const html of [roc, recall]) {
      expect(html.match(/class="line [a-z0-9 ]+"/g)).toEqual(
        ['one c0', 'one c1', 'one c2', 'old', 'new'].map((style) => `class="line ${style}"`),
      );
      expect(html).toMatch(
        /<span class="new">v2, mean 0\.\d+<\/span><span class="old">v1, mean 0\.\d+<\/span><span class="one c0">red &lt;1&gt; 0\.\d+<\/span>.*blue 0\.\d+<\/span><span class="chance">chance/,
      );
    }
    expect([roc, recall].map((html) => /<h2>(.*?)<\/h2>/.exec(html)?.[1])).toEqual([
      'ROC curve',
      'Precision and recall',
    ]);
  });

  it('are a mean alone above ten classes, and none without scores', () => {
    const many = Array.from({ length: 11 }, (_, index) => `class ${index}`);
    const [roc = ''] = curveCards(classified(many, 1), null, 'v1', '');
    expect(roc.match(/class="line /g)).toHaveLength(1);
    expect(roc).toContain('Mean over the classes, each against the rest');
    expect(curveCards({ ...classified(many, 1), scores: null }, null, 'v1', '')).toEqual([]);
  });
});
