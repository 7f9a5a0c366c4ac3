// What counts as another decision between the answers of two versions, and which numbers are compared.
import { describe, expect, test } from 'vitest';
import type { DetectedObject, TaskAnswer } from '../../../registry/api/task-answers.ts';
import type { AfterStep } from '../../../registry/pipeline/pipeline.ts';
import { compareTaskAnswers } from '../../../worker/telemetry/compare-task-answers.ts';

function compare(step: AfterStep['step'], one: TaskAnswer, other: TaskAnswer, threshold?: number) {
  const { disagrees, elements, maxDifference } = compareTaskAnswers(
    { step, threshold: 0.5 } as AfterStep,
    [one],
    [other],
    threshold,
  );
  return [disagrees, elements, Number(maxDifference.toFixed(6))];
}

const cat = { label: 'cat', score: 0.9 };
const dog = { label: 'dog', score: 0.8 };
const at = (score: number, xmin = 0, label = 'cat'): DetectedObject => ({
  label,
  score,
  box: { xmin, ymin: 0, xmax: xmin + 10, ymax: 10 },
});
const part = (start: number, score = 0.9) => ({ entity_group: 'PER', score, word: 'x', start, end: start + 3 });
const text = (words: string, score = 0.9) => [{ generated_text: words, score }];

describe('two answers decide otherwise', () => {
  test.each<[string, AfterStep['step'], TaskAnswer, TaskAnswer, (boolean | number)[]]>([
    ['another first label', 'classify', [cat, dog], [{ ...dog, score: 0.95 }, cat], [true, 2, 0.15]],
    ['an object that is missing', 'boxes', [at(0.9), at(0.8, 50)], [at(0.9)], [true, 1, 0]],
    ['an object that is new', 'boxes', [], [at(0.9)], [true, 0, 0]],
    ['an object of another label', 'boxes', [at(0.9)], [at(0.9, 0, 'dog')], [true, 0, 0]],
    ['an object elsewhere', 'boxes', [at(0.9)], [at(0.9, 6)], [true, 0, 0]],
    ['a vector in another direction', 'pool', [1, 0], [0.6, 0.8], [true, 1, 0.4]],
    ['a vector of another length', 'pool', [1, 0], [1, 0, 0], [true, 0, 0]],
    ['a part elsewhere', 'spans', [part(0)], [part(1)], [true, 0, 0]],
    ['a part more', 'spans', [part(0)], [part(0), part(9)], [true, 1, 0]],
    ['another text', 'ctc', text('a'), text('b'), [true, 0, 0]],
  ])('%s', (_, step, one, other, expected) => {
    expect(compare(step, one, other)).toEqual(expected);
  });
});

describe('two answers decide alike', () => {
  test.each<[string, AfterStep['step'], TaskAnswer, TaskAnswer, (boolean | number)[]]>([
    ['another order behind the first', 'classify', [cat, dog], [cat], [false, 1, 0]],
    ['no label in either', 'classify', [], [], [false, 0, 0]],
    ['an object that moved a little', 'boxes', [at(0.9)], [at(0.7, 2)], [false, 1, 0.2]],
    ['an object at the threshold', 'boxes', [at(0.9), at(0.54, 50)], [at(0.9)], [false, 1, 0]],
    ['a vector that is longer', 'pool', [1, 0], [2, 0], [false, 1, 0]],
    ['the same part', 'spans', [part(0)], [part(0, 0.8)], [false, 1, 0.1]],
    ['the same text', 'ctc', text('a'), text('a', 0.8), [false, 1, 0.1]],
  ])('%s', (_, step, one, other, expected) => {
    expect(compare(step, one, other)).toEqual(expected);
  });
});

test('the threshold of the request goes before that of the version', () => {
  expect(compare('boxes', [at(0.84)], [], 0.8)).toEqual([false, 0, 0]);
  expect(compare('boxes', [at(0.84)], [])).toEqual([true, 0, 0]);
});

test('another number of answers is another decision', () => {
  expect(compareTaskAnswers({ step: 'classify' } as AfterStep, [[cat]], [], undefined).disagrees).toBe(true);
});
