// Whether two answers of a pipeline's task say the same: golden vectors against a PoP, and a version against its shadow.
import type { TaskAnswer } from '../../registry/api/task-answers.ts';
import type { AfterStep } from '../../registry/pipeline/pipeline.ts';
import type { Tolerance } from '../protocol/compare-elements.ts';

/**
 * @example
 * taskAnswerFault(after, [{ label: 'cat', score: 0.9 }], [{ label: 'dog', score: 0.9 }], tolerance); // "'cat' scores too little …"
 *
 * @returns null where they agree, else what differs
 */
export function taskAnswerFault(
  after: AfterStep,
  expected: TaskAnswer,
  got: TaskAnswer,
  tolerance: Tolerance,
): string | null {
  switch (after.step) {
    case 'classify':
      return labelsFault(expected, got, tolerance);
  }
}

/** Labels whose scores lie within the tolerance of each other may change places. */
function labelsFault(expected: TaskAnswer, got: TaskAnswer, tolerance: Tolerance): string | null {
  const near = (a: number, b: number) => Math.abs(a - b) <= tolerance.absolute + tolerance.relative * Math.abs(b);
  const lowest = got.at(-1)?.score ?? 0;
  for (const [index, { label, score }] of expected.entries()) {
    const there = got.find((each) => each.label === label);
    const [found, place] = [there?.score ?? lowest, got[index]?.score ?? Number.NaN];
    if (!near(found, score) || !near(place, score)) {
      return `'${label}' scores ${there?.score ?? 'too little to be named'} instead of ${score}`;
    }
  }
  return null;
}
