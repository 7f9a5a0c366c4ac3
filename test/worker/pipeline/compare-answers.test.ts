// Whether two answers of a task say the same, as a replay of golden vectors asks.
import { describe, expect, test } from 'vitest';
import type { DetectedObject, TaskAnswer } from '../../../registry/api/task-answers.ts';
import type { BoxesStep } from '../../../registry/pipeline/boxes.ts';
import type { AfterStep } from '../../../registry/pipeline/pipeline.ts';
import { cosine, taskAnswerFault } from '../../../worker/pipeline/compare-answers.ts';

const tolerance = { absolute: 1e-3, relative: 0 };
const after: BoxesStep = {
  step: 'boxes',
  decode: { form: 'detr', boxes: 'boxes', scores: 'scores', activation: 'sigmoid' },
  labels: ['cat', 'dog'],
  ...{ threshold: 0.5, iou: null, most: 3 },
};

function object(label: string, score: number, at = 0, side = 100): DetectedObject {
  return { label, score, box: { xmin: at, ymin: 10, xmax: at + side, ymax: 110 } };
}

const expected = [object('cat', 0.9), object('dog', 0.8, 200), object('cat', 0.5004, 400)];

describe('boxes', () => {
  test.each([
    ['the same', expected],
    ['a box that moved by less than a hundredth', [object('cat', 0.9, 0.2), ...expected.slice(1)]],
    ['scores within the tolerance', [object('cat', 0.9005), ...expected.slice(1)]],
    ['without a box whose score lies at the threshold', expected.slice(0, 2)],
    ['in another order', [...expected].reverse()],
  ])('agree: %s', (_, got) => {
    expect(taskAnswerFault(after, expected, got, tolerance)).toBeNull();
  });

  test.each([
    ['a box is missing', expected.slice(1), "'cat' at [0, 10, 100, 110] with a score of 0.9 is missing"],
    [
      'a box moved',
      [object('cat', 0.9, 2), ...expected.slice(1)],
      "'cat' at [0, 10, 100, 110] with a score of 0.9 is missing",
    ],
    [
      'a label is another',
      [object('dog', 0.9), ...expected.slice(1)],
      "'cat' at [0, 10, 100, 110] with a score of 0.9 is missing",
    ],
    [
      'a score is another',
      [object('cat', 0.7), ...expected.slice(1)],
      "'cat' at [0, 10, 100, 110] scores 0.7 instead of 0.9",
    ],
    [
      'there is one more',
      [...expected.slice(0, 2), object('dog', 0.7, 300)],
      "'dog' at [300, 10, 400, 110] with a score of 0.7 was not expected",
    ],
  ])('differ: %s', (_, got, message) => {
    expect(taskAnswerFault(after, expected, got, tolerance)).toBe(message);
  });

  test('of a full answer the last may be another', () => {
    const full = [object('cat', 0.9), object('dog', 0.8, 200), object('cat', 0.7, 400)];
    const other = [...full.slice(0, 2), object('dog', 0.7002, 300)];
    expect(taskAnswerFault(after, full, other, tolerance)).toBeNull();
  });
});

const fault = (step: AfterStep['step'], expected: TaskAnswer, got: TaskAnswer) =>
  taskAnswerFault({ step } as AfterStep, expected, got, tolerance);

describe('vectors', () => {
  test('agree by their direction and length', () => {
    expect(fault('pool', [0.6, 0.8], [0.6001, 0.7999])).toBeNull();
    expect(fault('pool', [0.6, 0.8], [0.8, 0.6])).toBe('the cosine is 0.9600, expected at least 0.999');
    expect(fault('pool', [0.6, 0.8], [1.2, 1.6])).toBe('a vector of length 2 instead of 1');
    expect(fault('pool', [1, 0], [1])).toBe('a vector of 1 values instead of 2');
    expect(fault('pool', [1, 0], [Number.NaN, 0])).toMatch(/^the cosine is NaN/);
    expect(fault('pool', [0, 0], [0, 0])).toBeNull();
  });

  test('of no length agree with no other', () => {
    expect(cosine([0, 0], [1, 0])).toBe(0);
  });
});

describe('parts of a text', () => {
  const part = { entity_group: 'LOC', score: 0.9, word: 'Rome', start: 3, end: 7 };

  test('agree by name, place and score', () => {
    expect(fault('spans', [part], [{ ...part, score: 0.9005 }])).toBeNull();
    expect(fault('spans', [part], [{ ...part, score: 0.8 }])).toBe('LOC at 3 to 7 scores 0.8 instead of 0.9');
    expect(fault('spans', [part], [{ ...part, end: 6 }])).toBe('LOC at 3 to 6 is marked instead of LOC at 3 to 7');
    expect(fault('spans', [part], [])).toBe('nothing is marked instead of LOC at 3 to 7');
    expect(fault('spans', [], [part])).toBe('LOC at 3 to 7 is marked, where nothing was expected');
  });
});
