// Whether two answers of a pipeline's task say the same: golden vectors against a PoP, and a version against its shadow.
import type {
  DetectedObject,
  Embedding,
  GeneratedText,
  LabelScore,
  TaskAnswer,
  TextSpan,
} from '../../registry/api/task-answers.ts';
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
      return labelsFault(expected as LabelScore[], got as LabelScore[], tolerance);
    case 'boxes':
      return boxesFault(after, expected as DetectedObject[], got as DetectedObject[], tolerance);
    case 'pool':
      return vectorFault(expected as Embedding, got as Embedding);
    case 'spans':
      return spansFault(expected as TextSpan[], got as TextSpan[], tolerance);
    case 'ctc':
      return textFault(expected as GeneratedText[], got as GeneratedText[], tolerance);
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

/** Vectors are compared by their direction and length: what uses them looks at nothing else. */
const leastCosine = 0.999;
const mostLengthRatio = 1.01;

/**
 * The cosine of the angle between two vectors; 1 for two of no length.
 * @returns NaN for vectors of different lengths
 */
export function cosine(a: Embedding, b: Embedding): number {
  if (a.length !== b.length) return Number.NaN;
  const [left, right] = [lengthOf(a), lengthOf(b)];
  if (left === 0 && right === 0) return 1;
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0) / (left * right || 1);
}

function lengthOf(vector: Embedding): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}

function vectorFault(expected: Embedding, got: Embedding): string | null {
  if (expected.length !== got.length) return `a vector of ${got.length} values instead of ${expected.length}`;
  const similarity = cosine(expected, got);
  if (!(similarity >= leastCosine)) return `the cosine is ${similarity.toFixed(4)}, expected at least ${leastCosine}`;
  const [long, short] = [lengthOf(expected), lengthOf(got)].sort((a, b) => b - a) as [number, number];
  return long > short * mostLengthRatio ? `a vector of length ${lengthOf(got)} instead of ${lengthOf(expected)}` : null;
}

/** The same parts with scores within the tolerance. */
function spansFault(expected: readonly TextSpan[], got: readonly TextSpan[], tolerance: Tolerance): string | null {
  const describe = ({ entity_group: name, start, end }: TextSpan) => `${name} at ${start} to ${end}`;
  for (const [index, part] of expected.entries()) {
    const there = got[index];
    if (there === undefined || describe(there) !== describe(part)) {
      return `${there === undefined ? 'nothing' : describe(there)} is marked instead of ${describe(part)}`;
    }
    if (!nearWithin(tolerance)(there.score, part.score)) {
      return `${describe(part)} scores ${there.score} instead of ${part.score}`;
    }
  }
  const further = got[expected.length];
  return further === undefined ? null : `${describe(further)} is marked, where nothing was expected`;
}

function nearWithin({ absolute, relative }: Tolerance): (a: number, b: number) => boolean {
  return (a, b) => Math.abs(a - b) <= absolute + relative * Math.abs(b);
}

function textFault(
  [expected]: readonly GeneratedText[],
  [got]: readonly GeneratedText[],
  tolerance: Tolerance,
): string | null {
  const [wanted, found] = [expected?.generated_text ?? '', got?.generated_text ?? ''];
  if (wanted !== found) return `the text is '${found}' instead of '${wanted}'`;
  if (nearWithin(tolerance)(got?.score ?? 0, expected?.score ?? 0)) return null;
  return `'${wanted}' scores ${got?.score} instead of ${expected?.score}`;
}
