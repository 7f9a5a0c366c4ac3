// Whether two answers of a pipeline's task say the same: golden vectors against a PoP, and a version against its shadow.
import type { DetectedObject, LabelScore, TaskAnswer } from '../../registry/api/task-answers.ts';
import type { BoxesStep } from '../../registry/pipeline/boxes.ts';
import type { AfterStep } from '../../registry/pipeline/pipeline.ts';
import type { Tolerance } from '../protocol/compare-elements.ts';
import { matchObjects } from './boxes/match.ts';

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
    case 'boxes':
      return boxesFault(after, objectsOf(expected), objectsOf(got), tolerance);
  }
}

/** Labels whose scores lie within the tolerance of each other may change places. */
function labelsFault(expected: readonly LabelScore[], got: readonly LabelScore[], tolerance: Tolerance): string | null {
  const near = nearWithin(tolerance);
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

/** What two runtimes may differ by: a hundredth of the smallest box that is told is less than a pixel. */
const sameBox = 0.99;

/** A box whose score lies at the threshold may be in one answer only, and so may the last of a full answer. */
function boxesFault(
  { threshold, most }: BoxesStep,
  expected: readonly DetectedObject[],
  got: readonly DetectedObject[],
  tolerance: Tolerance,
): string | null {
  const near = nearWithin(tolerance);
  const { pairs, onlyFirst, onlySecond } = matchObjects(expected, got, sameBox);
  const odd = pairs.find(([one, other]) => !near(other.score, one.score));
  if (odd !== undefined) return `${nameObject(odd[0])} scores ${odd[1].score} instead of ${odd[0].score}`;
  const mayMiss = ({ score }: DetectedObject, others: readonly DetectedObject[]) =>
    near(score, threshold) || (others.length === most && near(score, others.at(-1)?.score ?? Number.NaN));
  const missing = onlyFirst.find((object) => !mayMiss(object, got));
  if (missing !== undefined) return `${nameObject(missing)} with a score of ${missing.score} is missing`;
  const surplus = onlySecond.find((object) => !mayMiss(object, expected));
  return surplus === undefined ? null : `${nameObject(surplus)} with a score of ${surplus.score} was not expected`;
}

function nameObject({ label, box }: DetectedObject): string {
  return `'${label}' at [${box.xmin}, ${box.ymin}, ${box.xmax}, ${box.ymax}]`;
}

function objectsOf(answer: readonly LabelScore[]): DetectedObject[] {
  return answer.filter((entry): entry is DetectedObject => 'box' in entry);
}

function nearWithin({ absolute, relative }: Tolerance): (a: number, b: number) => boolean {
  return (a, b) => Math.abs(a - b) <= absolute + relative * Math.abs(b);
}
