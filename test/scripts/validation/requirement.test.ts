import { describe, expect, it } from 'vitest';
import { mebibyte } from '../../../registry/mebibytes.ts';
import {
  checkMetrics,
  overBudget,
  parseRegressionLimit,
  parseRequirement,
  unmet,
  worsened,
} from '../../../scripts/validation/requirement.ts';

describe('a requirement', () => {
  it.each([
    ['roc_auc>=0.95', { roc_auc: 0.95 }, []],
    ['roc_auc>=0.95', { roc_auc: 0.949999 }, ['roc_auc is 0.949999, required >=0.95']],
    ['rmse <= 2', { rmse: 2.5 }, ['rmse is 2.5, required <=2']],
    ['f1>0.5', { f1: 0.5 }, ['f1 is 0.5, required >0.5']],
    ['mae<1', { mae: 0.5 }, []],
    ['roc_auc>=0.5', { f1: 1 }, ['roc_auc is not defined for this test, required >=0.5; there are f1']],
  ])('%s of %j', (text, metrics, failures) => {
    expect(unmet([parseRequirement(text)], metrics as Record<string, number>)).toEqual(failures);
  });

  it('of a figure that is not there is not met, for the reason that is known', () => {
    const absent = { roc_auc: "only class 'a' occurs in the truth" };
    expect(unmet([parseRequirement('roc_auc>=0.5')], { f1: 1 }, absent)).toEqual([
      "roc_auc is not defined for this test (only class 'a' occurs in the truth), required >=0.5; there are f1",
    ]);
  });

  it.each(['roc_auc', 'roc_auc=0.9', '>=0.9', 'roc_auc>=', 'roc_auc>=high'])('is not %s', (text) => {
    expect(() => parseRequirement(text)).toThrow('expected a requirement like');
  });

  it.each(['foo>=1', 'constructor>=0'])('names a metric that there is, unlike %s', (text) => {
    expect(() => parseRequirement(text)).toThrow(
      /^there is no metric '.*'; there are accuracy, .*rmse, r2, map50, .*mar_100$/,
    );
  });

  it('and a limit name figures that the task has', () => {
    const [area, error] = [[parseRequirement('roc_auc>=0.9')], [parseRegressionLimit('rmse=0.1')]];
    checkMetrics('binary', area, [parseRegressionLimit('0.01')]);
    expect(() => checkMetrics('regression', area, [])).toThrow(
      "'roc_auc>=0.9' cannot be checked: the task is regression, which has mae, rmse, r2",
    );
    expect(() => checkMetrics('multiclass', [], error)).toThrow("'max-regression rmse=0.1' cannot be checked");
  });
});

describe('a regression limit', () => {
  const stable = (metrics: Record<string, number>) => ({ version: '1', metrics });
  const judge = (
    text: string,
    metrics: Record<string, number>,
    before: Record<string, number>,
    task = 'binary' as const,
  ) => worsened([parseRegressionLimit(text)], task, metrics, stable(before));

  it('is about the figures that the task is mostly judged by', () => {
    const before = { roc_auc: 0.9, f1: 0.8, recall: 0.9 };
    expect(judge('0.01', { roc_auc: 0.89, f1: 0.81, recall: 0.1 }, before)).toEqual([]);
    expect(judge('0.01', { roc_auc: 0.8899, f1: 0.7, recall: 0.9 }, before)).toEqual([
      'roc_auc is 0.8899, version 1 has 0.9; allowed to be worse by 0.01',
      'f1 is 0.7, version 1 has 0.8; allowed to be worse by 0.01',
    ]);
  });

  it('is about the figure that it names', () => {
    expect(judge('recall=0', { recall: 0.5 }, { recall: 0.6 })).toHaveLength(1);
    expect(judge('recall=0', { recall: 0.6 }, { recall: 0.6 })).toEqual([]);
    expect(judge('recall=0', {}, { recall: 0.6 })).toEqual([expect.stringContaining('cannot be compared')]);
  });

  it('is not met where none of its figures is there to compare', () => {
    expect(judge('0.01', { roc_auc: 0.9, f1: 0.8 }, { rmse: 1 })).toEqual([
      'roc_auc, f1 cannot be compared with version 1: they are not defined for both',
    ]);
  });

  it('is about a metric that there is', () => {
    expect(() => parseRegressionLimit('nonsense=0.1')).toThrow("there is no metric 'nonsense'; there are accuracy");
  });

  it('is a share of an error', () => {
    expect(judge('log_loss=0.1', { log_loss: 0.21 }, { log_loss: 0.2 })).toEqual([]);
    expect(judge('log_loss=0.1', { log_loss: 0.23 }, { log_loss: 0.2 })).toHaveLength(1);
  });

  it.each(['', 'x', '-0.1', 'f1='])('is not %j', (text) => {
    expect(() => parseRegressionLimit(text)).toThrow('expected a limit like');
  });
});

describe('a budget', () => {
  const lean = { heapBytes: 10 * mebibyte, createMs: 1, runMs: 4 };
  const fast = { heapBytes: 20 * mebibyte, createMs: 1, runMs: 2 };

  it('is kept where one way of loading keeps to all of it', () => {
    expect(overBudget({ maxHeapMib: 10 }, { lean, fast })).toEqual([]);
    expect(overBudget({ maxRunMs: 2 }, { lean, fast })).toEqual([]);
    expect(overBudget({ maxHeapMib: 10, maxRunMs: 2 }, { lean, fast })).toEqual([
      'over the budget of 10 MiB of heap and 2 ms a run: fast takes 20.0 MiB and 2 ms, lean takes 10.0 MiB and 4 ms',
    ]);
    expect(overBudget({}, {})).toEqual([]);
  });
});
